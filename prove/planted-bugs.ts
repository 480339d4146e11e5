/** Design mistakes that spec/ledger.pml can be built with; the number is its `BUG`. */
export interface PlantedBug {
  readonly number: number
  readonly name: string
  /** What it needs beyond the plain protocol. */
  readonly needs: 'safety' | 'restore' | 'liveness'
}

const plant = (number: number, name: string, needs: PlantedBug['needs'] = 'safety'): PlantedBug => ({
  number,
  name,
  needs,
})

export const plantedBugs: readonly PlantedBug[] = [
  plant(1, 'a timeout counts as not accepted: legacy sends without a claim'),
  plant(2, 'a late request takes the message from the legacy claim'),
  plant(3, 'the reaper frees what was dispatched'),
  plant(4, 'a dispatcher sends what is in doubt again'),
  plant(5, '"not found" by a look-up counts as proof'),
  plant(6, 'a dispatched message is handed back'),
  plant(7, 'legacy dispatches what was handed back without compare-and-set'),
  plant(8, 'a result under a stale token is accepted'),
  plant(9, 'a lost commit answer of an outcome counts as failure'),
  plant(10, 'a dispatch whose answer is lost counts as done'),
  plant(11, 'the mode decides instead of the ledger'),
  plant(12, 'a restore without fence and mark', 'restore'),
  plant(13, 'a queue decides: what is dispatched is dispatched again'),
  plant(14, 'retention deletes the row before the message'),
  plant(15, 'a late refusal frees a message that was replayed'),
  plant(16, 'a legacy path that bypasses the ledger'),
  plant(17, 'the request leaves before dispatched is committed'),
  plant(18, 'a dry run of SHADOW sends'),
  plant(19, 'the HTTP client repeats a request'),
  plant(20, 'a person decides on silence alone'),
  plant(21, 'a lost claim gives its permit in whatever state the row is found'),
  plant(22, "the service's own error counts as not accepted"),
  plant(23, 'a commit that a crash of the database forgets'),
  plant(24, 'a restore that marks and does not fence', 'restore'),
  plant(25, 'a restore that fences and does not mark', 'restore'),
  plant(26, 'no reaper', 'liveness'),
  plant(27, 'nobody gives up what was left without a claim', 'liveness'),
]

/** What the numbers of broken promises mean in the model's assertions. */
const PROMISES: Readonly<Record<number, string>> = {
  1: 'I1: more than one send, or a row that denies one',
  2: 'I2: a request without a committed dispatched, or while the ledger says that none is made',
  10: 'I10: left in_doubt without proof',
  20: 'the drawing of the ledger',
}

/** In words, what the checker's output says is broken. */
export function brokenPromise(output: string): string | null {
  if (/acceptance cycle/.test(output)) return 'I11: it does not drain'
  const number = /assertion violated \(broken!=(\d+)\)/.exec(output)?.[1]
  if (number !== undefined) return PROMISES[Number(number)] ?? `promise ${number}`
  return /errors: [1-9]/.test(output) ? 'another error' : null
}
