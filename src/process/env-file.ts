// `.baton/env`: how the programs of a running Baton are reached, one NAME=value a line.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { writePrivateFile } from './write-private-file.ts'

export const reachedBy = [
  'BATON_GATEWAY_URL',
  'BATON_SERVICE_URL',
  'BATON_SANDBOX_URL',
  'BATON_FAULTS_URL',
  'BATON_API_KEY',
  'BATON_OPERATOR_KEY',
  // As the gateway's role: for the verbs that compare the databases.
  'DATABASE_URL',
  'LEGACY_DATABASE_URL',
] as const

export type ReachedBy = Readonly<Record<(typeof reachedBy)[number], string>>

export const envFileOf = (directory: string): string => join(directory, 'env')

export function writeEnvFile(directory: string, values: ReachedBy): void {
  writePrivateFile(envFileOf(directory), reachedBy.map((name) => `${name}=${values[name]}\n`).join(''))
}

export function removeEnvFile(directory: string): void {
  rmSync(envFileOf(directory), { force: true })
}

/** What the file says; nothing where there is none. */
export function readEnvFile(directory: string): Partial<ReachedBy> {
  const path = envFileOf(directory)
  if (!existsSync(path)) return {}
  const lines = readFileSync(path, 'utf8').split('\n')
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(line) ?? []
      return name !== undefined && value !== undefined ? [[name, value]] : []
    }),
  )
}
