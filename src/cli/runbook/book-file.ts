import { basename, dirname, join, resolve } from 'node:path'
import type { Book, Person } from '../../runbook/run/index.ts'
import { valuesOf } from './pairs.ts'
import { readRunbook, RunbookFileError } from './runbook-file.ts'
import type { RunTerminal } from './terminal.ts'

export interface PersonOptions {
  readonly by?: string
  readonly reason?: string
}

export interface BookOptions {
  readonly journal?: string
  /** `NAME=VALUE` of parameters. */
  readonly set?: readonly string[]
}

/** The runbook of a file. Commands and the default journal belong to its folder, wherever the verb is typed. */
export async function openBook(
  terminal: RunTerminal,
  file: string,
  { journal, set = [] }: BookOptions,
): Promise<Book> {
  if (file === '-')
    throw new RunbookFileError('cannot run standard input: -: a run needs a file to come back to')
  const { text } = await readRunbook(resolve(terminal.workingDirectory, file), terminal.stdin)
  const path = resolve(terminal.workingDirectory, file)
  const name = basename(path).replace(/\.\w+$/, '')
  return {
    text,
    name,
    folder: dirname(path),
    journal:
      journal === undefined
        ? join(dirname(path), '.baton', 'runbook', name)
        : resolve(terminal.workingDirectory, journal),
    set: new Map(Object.entries(valuesOf(set))),
    environment: terminal.environment,
  }
}

/** Who answers for it. Both are kept in the journal, so both are wanted. */
export function personOf({ by, reason }: PersonOptions, what: string): Person {
  if (!by?.trim() || !reason?.trim())
    throw new RunbookFileError(`cannot ${what}: who and why is missing: add --by NAME --reason TEXT`)
  return { by: by.trim(), reason: reason.trim() }
}
