/** The process as the CLI sees it: its environment, where it stands and where it writes. */
export interface CliShell {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly workingDirectory: string
  /** Standard output, one line. */
  readonly print: (line: string) => void
  /** Standard output as it is, without a line's end of its own. */
  readonly write: (text: string) => void
  /** Standard error, one line. */
  readonly complain: (line: string) => void
  readonly stdin: AsyncIterable<Buffer>
  readonly colour: boolean
  /** The width of the terminal; absent where there is none. */
  readonly columns?: () => number
  /** The first call of the handler asks to stop in order, the second to stop at once. */
  readonly onSignal: (handler: (reason: string) => void) => void
  readonly onOrphaned: (handler: () => void) => void
  /** For a process that is told a third time. */
  readonly exit: (code: number) => never
}

export const exitCodes = { done: 0, refused: 1, usage: 2, unreachable: 2 } as const

/** What came of a verb. */
export type Outcome<Value> =
  | { readonly kind: 'done'; readonly value: Value }
  /** It was refused, or it failed; `detail` says why. */
  | { readonly kind: 'refused'; readonly detail: string }
  /** The other side could not be asked, or its answer got lost. */
  | { readonly kind: 'unreachable'; readonly detail: string }
  | { readonly kind: 'usage'; readonly detail: string }
