// Programs of a test file. Every one is stopped by its id, also when a test fails.
import { after } from 'node:test'
import { killPrograms, spawnProgram, type Program, type ProgramName } from './spawn-program.ts'

export { freePorts } from './spawn-program.ts'
export type { Program } from './spawn-program.ts'

// At the top of the file, so that it belongs to the whole file and not to the test that starts a program.
after(killPrograms)

/** Starts a file of bin/ with these settings and waits until `healthUrl` answers 200. */
export function startProgram(
  name: ProgramName,
  settings: Readonly<Record<string, string>>,
  healthUrl: string,
): Promise<Program> {
  return spawnProgram({ name, settings, healthUrl })
}
