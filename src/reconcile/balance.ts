import type { Runner } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import type { Memory } from './memory.ts'
import { createPair } from './pairs.ts'
import { rangeOf, type Buckets } from './uuid-range.ts'
import { startWalk } from './walk.ts'

/** The messages of a window by what became of them. */
export interface Balance {
  readonly entered: number
  readonly legacy_sent: number
  readonly service_accepted: number
  readonly rejected: number
  /** Nobody will ever send them: refused by the provider, or voided. */
  readonly failed: number
  readonly in_doubt: number
  readonly unresolved: number
  /** Unresolved on purpose: the legacy side holds them until their time. */
  readonly scheduled: number
  /** Their request is being worked on. */
  readonly open: number
}

export interface LedgerBalance {
  readonly go: number
  readonly legacy: number
  readonly nobody: number
}

const counts = statement<Balance>(import.meta.url, './sql/balance.sql')
const ledgerCounts = statement<LedgerBalance>(import.meta.url, './sql/ledger-balance.sql')

const nothing: Balance = {
  entered: 0,
  legacy_sent: 0,
  service_accepted: 0,
  rejected: 0,
  failed: 0,
  in_doubt: 0,
  unresolved: 0,
  scheduled: 0,
  open: 0,
}

/** Messages that were entered and are none of the above: what must be 0 but for messages of this very moment. */
export const imbalanceOf = ({ entered, ...rest }: Balance): number =>
  entered - Object.values(rest).reduce((sum, messages) => sum + messages, 0)

/** Counts a window stretch by stretch, so that no statement is long. */
export async function readBalance(
  legacy: Runner,
  messaging: Runner,
  window: Buckets,
): Promise<{ balance: Balance; ledger: LedgerBalance }> {
  const walk = await startWalk(createPair('entered', legacy, messaging), window, 0, noMemory)
  let balance = nothing
  let ledger: LedgerBalance = { go: 0, legacy: 0, nobody: 0 }
  for (;;) {
    const step = await walk.next()
    if (step?.kind !== 'compare') return { balance, ledger }
    const { from, to } = rangeOf(step.buckets)
    const [[ours], [theirs]] = await Promise.all([
      legacy.run(counts, [from, to]),
      messaging.run(ledgerCounts, [from, to]),
    ])
    balance = add(balance, ours)
    ledger = add(ledger, theirs)
    walk.learn(ours?.entered ?? 0)
  }
}

function add<Counts extends object>(sum: Counts, more: Counts | undefined): Counts {
  if (!more) return sum
  const values = more as Readonly<Record<string, number>>
  return Object.fromEntries(
    Object.entries(sum).map(([name, value]) => [name, Number(value) + (values[name] ?? 0)]),
  ) as Counts
}

const noMemory: Pick<Memory, 'remembered'> = { remembered: () => Promise.resolve([]) }
