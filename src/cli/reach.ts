import { resolve } from 'node:path'
import { envFileOf, readEnvFile, type ReachedBy } from '../process/env-file.ts'

/** How a running Baton is reached: from the environment, else from the file that `baton up` writes. */
export interface Reach {
  readonly get: (name: keyof ReachedBy) => string | undefined
  readonly envFile: string
}

export function findReach(
  environment: Readonly<Record<string, string | undefined>>,
  workingDirectory: string,
): Reach {
  const directory = resolve(workingDirectory, environment['BATON_DIRECTORY'] || '.baton')
  const file = readEnvFile(directory)
  return { get: (name) => environment[name] || file[name], envFile: envFileOf(directory) }
}
