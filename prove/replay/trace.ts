// Traces of the Quint specification, from the Informal Trace Format into plain values.

/** One row of the ledger as the specification has it. */
export interface ModelRow {
  readonly state: string
  readonly holder: string
  readonly epoch: number
  readonly attempts: number
  readonly token: number
  readonly lane: string
  readonly replays: number
  readonly isReplaying: boolean
  readonly late: boolean
  readonly held: boolean
}

export interface ModelPermit {
  readonly message: number
  readonly holder: 'legacy' | 'go'
  readonly token: number
}

/** What the simulator chose for an action; only what the action takes is there. */
export interface Picks {
  readonly ms?: readonly number[]
  readonly m?: number
  readonly lane?: string
  readonly isLate?: number
  readonly isHeld?: number
  readonly isUnheard?: boolean
  readonly provider?: string
  readonly one?: { readonly token: number; readonly provider: string }
  readonly permit?: ModelPermit
  readonly end?: string
  readonly kind?: string
  readonly holder?: string
  readonly open?: readonly string[]
  readonly paused?: readonly string[]
}

export interface Step {
  readonly action: string
  readonly picks: Picks
  /** What must hold after it. */
  readonly rows: ReadonlyMap<number, ModelRow>
  readonly answers: ReadonlyMap<number, string>
  /** Number of the last token made. */
  readonly tokens: number
}

export interface Trace {
  readonly name: string
  readonly steps: readonly Step[]
}

/** Reads one trace; throws on anything that is not one. */
export function readTrace(name: string, text: string): Trace {
  const { states } = JSON.parse(text) as { states?: Record<string, unknown>[] }
  if (!Array.isArray(states) || states.length < 2) throw new Error(`trace ${name}: has no steps`)
  return { name, steps: states.slice(1).map((state) => toStep(name, state)) }
}

function toStep(name: string, state: Record<string, unknown>): Step {
  const action = state['mbt::actionTaken']
  if (typeof action !== 'string')
    throw new Error(`trace ${name}: a step names no action: generate it with --mbt`)
  return {
    action,
    picks: plain(state['mbt::nondetPicks']) as Picks,
    rows: plain(state['rows']) as Map<number, ModelRow>,
    answers: plain(state['answers']) as Map<number, string>,
    tokens: plain(state['tokens']) as number,
  }
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  if ('#bigint' in value) return Number(value['#bigint'])
  if ('#set' in value) return plain(value['#set'])
  if ('#tup' in value) return plain(value['#tup'])
  if ('#map' in value) return new Map(plain(value['#map']) as [unknown, unknown][])
  if ('tag' in value && (value.tag === 'Some' || value.tag === 'None')) {
    return value.tag === 'Some' && 'value' in value ? plain(value.value) : undefined
  }
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]))
}
