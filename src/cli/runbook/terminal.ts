import { RunbookFileError } from './runbook-file.ts'

/** The process as a verb sees it. */
export interface Terminal {
  readonly stdin: AsyncIterable<Buffer>
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly exit: (code: number) => void
}

/** And as a verb that runs commands does. */
export interface RunTerminal extends Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly workingDirectory: string
  /** Whether what is written may be redrawn. */
  readonly isLive: boolean
  readonly columns: () => number
  readonly onSignal: (handler: (reason: string) => void) => void
  readonly onOrphaned: (handler: () => void) => void
}

/** Runs a verb; what it refuses goes to standard error and ends with 2. */
export async function guarded(terminal: Terminal, work: () => Promise<number>): Promise<void> {
  try {
    terminal.exit(await work())
  } catch (error) {
    if (!(error instanceof RunbookFileError)) throw error
    terminal.err(`baton: ${error.message}\n`)
    terminal.exit(2)
  }
}
