// What one part of the proof has shown.

export interface FoundBug {
  readonly name: string
  readonly found: boolean
  /** What found it; empty when nothing did. */
  readonly by: string
}

export interface Part {
  /** Broken promises and disagreements, of the design and the code as they are. */
  readonly errors: number
  readonly bugs: readonly FoundBug[]
  /** What could not be done here, with the reason. */
  readonly skipped: readonly string[]
}
