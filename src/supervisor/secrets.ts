import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { writePrivateFile } from '../process/write-private-file.ts'
import { UpFailure } from './up-failure.ts'

const Secret = Type.String({ pattern: '^[A-Za-z0-9_-]{20,200}$' })
const Secrets = Type.Object({
  gateway_db_password: Secret,
  service_db_password: Secret,
  api_key: Secret,
  operator_key: Secret,
})
export type Secrets = Static<typeof Secrets>

const validator = Compile(Secrets)

/** The passwords and keys of a directory: made at random the first time, the same ever after. */
export function obtainSecrets(directory: string): Secrets {
  const path = join(directory, 'secrets.json')
  if (existsSync(path)) return readSecrets(path)
  const random = (prefix: string): string => `${prefix}${randomBytes(24).toString('base64url')}`
  const secrets: Secrets = {
    gateway_db_password: random(''),
    service_db_password: random(''),
    api_key: random('send_'),
    operator_key: random('operate_'),
  }
  writePrivateFile(path, `${JSON.stringify(secrets, null, 2)}\n`)
  return secrets
}

function readSecrets(path: string): Secrets {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (validator.Check(value)) return value
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new UpFailure(`read the keys: not a file that baton up wrote: ${path}: restore it or move it away`)
}
