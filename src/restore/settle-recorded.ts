import { settleProven, type ProvenSettlement } from '../authority/proof.ts'
import { statement } from '../db/statement.ts'
import { readFence } from './fence.ts'
import { BEFORE_ALL, PIECE, type RestoreDatabases, type Step } from './restore-step.ts'

interface DoubtRow {
  readonly message_uuid: string
  readonly attempt_token: string
  readonly holder: 'legacy' | 'go'
}

interface RecordedRow {
  readonly message_uuid: string
  readonly source: 'legacy' | 'go'
  readonly status: string
  readonly provider_message_id: string | null
  readonly delivery_status: string | null
  readonly reason: string | null
}

export interface SettledRecorded {
  readonly sent: number
  readonly refused: number
  /** The gateway does not know either: a person decides. */
  readonly inDoubt: number
}

const doubts = statement<DoubtRow>(import.meta.url, './sql/in-doubt.sql')
const recorded = statement<RecordedRow>(import.meta.url, './sql/recorded.sql')

/**
 * Settles what is in doubt and what the gateway has recorded for good: the record is the proof. Behind the fence, after
 * the mark. Safe to repeat. Without `execute` it counts and changes nothing.
 */
export async function settleRecorded(
  databases: RestoreDatabases,
  { execute, actor }: { readonly execute: boolean; readonly actor: string },
): Promise<Step<SettledRecorded>> {
  const { legacy, messaging } = databases
  const fence = await readFence(messaging)
  if (!fence?.marked_at)
    return { kind: 'not_now', why: 'nothing is marked: run baton restore mark --execute first' }
  const counts = { sent: 0, refused: 0, inDoubt: 0 }
  let after = BEFORE_ALL
  for (;;) {
    const rows = await messaging.run(doubts, [after, PIECE])
    const last = rows.at(-1)
    if (!last) return { kind: 'done', value: counts }
    after = last.message_uuid
    const records = await legacy.run(recorded, [rows.map((row) => row.message_uuid)])
    const byHolder = new Map(records.map((record) => [`${record.source} ${record.message_uuid}`, record]))
    for (const row of rows) {
      const settlement = settlementOf(row, recordFor(row, byHolder), actor)
      counts[settlement === undefined ? 'inDoubt' : settlement.to === 'sent' ? 'sent' : 'refused']++
      if (settlement && execute) await settleProven(messaging, settlement)
    }
  }
}

// A message can have a row of each side: the one of its holder counts. What the service handed back after the copy was
// taken is the service's in the ledger and the legacy side's in truth.
function recordFor(
  { holder, message_uuid }: DoubtRow,
  records: ReadonlyMap<string, RecordedRow>,
): RecordedRow | undefined {
  const own = records.get(`${holder} ${message_uuid}`)
  return own?.delivery_status === 'handed_back' ? records.get(`legacy ${message_uuid}`) : own
}

function settlementOf(
  { message_uuid: messageUuid, attempt_token: attemptToken }: DoubtRow,
  record: RecordedRow | undefined,
  actor: string,
): ProvenSettlement | undefined {
  if (!record) return undefined
  const providerMessageId = record.provider_message_id
  const base = { messageUuid, attemptToken, actor }
  const said = record.source === 'go' ? record.delivery_status : record.status
  const detail = `sms_logs says ${said}${record.reason === null ? '' : `: ${record.reason}`}`
  switch (said) {
    case 'sent':
    case 'delivered':
    case 'undelivered':
    case 'expired':
      return { ...base, to: 'sent', providerMessageId, proof: { kind: 'answer', detail } }
    case 'failed':
    case 'refused':
    case 'void':
      return { ...base, to: 'refused', providerMessageId: null, proof: { kind: 'refusal', detail } }
    default:
      return undefined
  }
}
