export interface RunningProgram {
  readonly url: string
  /** Stops taking work, finishes what is in flight and closes. */
  stop(): Promise<void>
}
