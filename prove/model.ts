// Depth 1 of the proof: the protocol as a model, every state of it; and the ledger's code against its specification.
import { proveCode, type CodeOptions } from './code.ts'
import { proveDesign, type DesignOptions } from './design.ts'
import type { Part } from './proof.ts'

export type ModelOptions = DesignOptions & CodeOptions

export interface ModelProof extends Part {
  readonly depth: 'model'
  /** States explored and steps replayed. */
  readonly cases: number
  readonly states: number
  readonly traces: number
  readonly steps: number
  /** Kinds of fault that were possible at every point. */
  readonly faults: readonly string[]
}

const FAULTS = [
  'crash of a process at every step',
  'lost commit answer',
  'late statement',
  'request late, lost or unanswered',
  'carrier late, silent, refusing',
  'mode flip',
  'restore of an old database',
]

/** Checks the model and replays the traces. Never rejects for what it finds: see `errors` and `bugs`. */
export async function proveModel(options: ModelOptions): Promise<ModelProof> {
  const designed = await proveDesign(options)
  const coded = await proveCode(options)
  return {
    depth: 'model',
    cases: designed.states + coded.steps,
    states: designed.states,
    traces: coded.traces,
    steps: coded.steps,
    faults: designed.states > 0 ? FAULTS : ['lost commit answer', 'late result'],
    errors: designed.errors + coded.errors,
    bugs: [...designed.bugs, ...coded.bugs],
    skipped: [...designed.skipped, ...coded.skipped],
  }
}
