import { withdraw } from '../authority/lanes.ts'
import { readAuthority } from '../authority/rows.ts'
import { settleProven } from '../authority/proof.ts'
import type { AuthorityRow } from '../core/authority-state.ts'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import type { DeliveryStatus, Receipt } from '../providers/receipt.ts'

interface MatchedRow {
  /** Null: an orphan. */
  message_uuid: string | null
  provider: string
  provider_message_id: string
  status: DeliveryStatus
  error_code: string | null
  reference: string | null
  /** Matched, or given up. */
  is_final: boolean
  happened_at_ms: number
}

const store = statement<{ provider_message_id: string }>(import.meta.url, './sql/store-receipts.sql')
const match = statement<MatchedRow>(import.meta.url, './sql/match-receipts.sql')
const apply = statement<{ message_uuid: string }>(import.meta.url, './sql/apply-receipts.sql')

const ORPHAN_KEPT_MS = 3 * 24 * 3_600_000
const MATCHED_AT_ONCE = 500
const ROUNDS_MAX = 10

/** Keeps receipts for good; returns how many were new. Safe to repeat. */
export async function storeReceipts(
  database: Database,
  provider: string,
  receipts: readonly Receipt[],
): Promise<number> {
  if (receipts.length === 0) return 0
  const rows = await database.run(store, [
    receipts.map(() => provider),
    receipts.map((receipt) => receipt.providerMessageId),
    receipts.map((receipt) => receipt.status),
    receipts.map((receipt) => receipt.reference ?? null),
    receipts.map((receipt) => receipt.errorCode ?? null),
    receipts.map((receipt) => receipt.at.getTime()),
  ])
  return rows.length
}

export interface ReceiptRound {
  readonly matched: number
  /** Receipts that fit no message yet. */
  readonly orphans: number
  /** Messages in doubt that a receipt has proven sent. */
  readonly settled: number
  /** Messages the ledger holds for not sent by this provider, which says that it sent them. */
  readonly contradictions: readonly string[]
}

type Fitting = MatchedRow & { readonly message_uuid: string }

/**
 * Finds the messages of the receipts that wait: delivery moves forward, a message in doubt is proven sent. All of
 * it happens before the receipts count as matched, so a round that dies in between is repeated.
 */
export function matchReceipts(database: Database): Promise<ReceiptRound> {
  return database.transaction(async (runner) => {
    const rows = await runner.run(match, [MATCHED_AT_ONCE, ORPHAN_KEPT_MS])
    const fitting = rows.filter((row): row is Fitting => row.message_uuid !== null)
    const orphans = rows.length - fitting.length
    if (fitting.length === 0) return { matched: 0, orphans, settled: 0, contradictions: [] }
    const proven = await proveSent(database, fitting)
    await runner.run(apply, [
      fitting.map((row) => row.message_uuid),
      fitting.map((row) => row.provider),
      fitting.map((row) => row.provider_message_id),
      fitting.map((row) => row.status),
      fitting.map((row) => row.error_code),
      fitting.map((row) => row.happened_at_ms),
    ])
    return { matched: fitting.length, orphans, ...proven }
  })
}

async function proveSent(
  database: Database,
  fitting: readonly Fitting[],
): Promise<Pick<ReceiptRound, 'settled' | 'contradictions'>> {
  const contradictions = new Set<string>()
  let settled = 0
  let left = fitting
  // A row that moves between the look and the change is looked at again: no receipt is judged by what was.
  for (let round = 0; left.length > 0; round++) {
    if (round === ROUNDS_MAX) throw new Error(`receipts: ${left.length} messages did not hold still`)
    const ledger = await readAuthority(database, [...new Set(left.map((row) => row.message_uuid))])
    const moved: Fitting[] = []
    for (const receipt of left) {
      const row = ledger.get(receipt.message_uuid)
      if (!row || (row.state === 'sent' && row.provider === receipt.provider)) continue
      const isOpen = row.state === 'in_doubt' || row.state === 'dispatched'
      if (!isOpen || row.holder !== 'go' || row.provider !== receipt.provider) {
        contradictions.add(receipt.message_uuid)
      } else if (await settleSent(database, row, receipt)) settled++
      else moved.push(receipt)
    }
    left = moved
  }
  // Its other provider took it after all: whatever was proven, nobody sends it again.
  const reason = 'a receipt says that it was sent before'
  if (contradictions.size > 0) await withdraw(database, [...contradictions], reason)
  return { settled, contradictions: [...contradictions] }
}

function settleSent(
  database: Database,
  { messageUuid, attemptToken }: AuthorityRow,
  { provider, provider_message_id: providerMessageId, status }: Fitting,
): Promise<boolean> {
  const detail = `${provider}: receipt ${status} for ${providerMessageId}`
  const proof = { kind: 'receipt', detail } as const
  const actor = 'go receipts'
  return settleProven(database, { messageUuid, attemptToken, to: 'sent', providerMessageId, proof, actor })
}
