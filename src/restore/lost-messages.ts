// What a ledger that went back in time may have forgotten, from the gateway's own records and from what it still holds
// as unsent.
import { statement } from '../db/statement.ts'
import { BEFORE_ALL, PIECE, type RestoreDatabases } from './restore-step.ts'

/** `handed_back`: the service accepted it, the legacy side took it back. `nobody`: rejected, so it was never sent. */
export type Way = 'go' | 'legacy' | 'handed_back' | 'nobody'

export interface Forgotten {
  readonly messageUuid: string
  readonly way: Way
  /** Until its time, which had not come when sends were fenced: so nobody has sent it. */
  readonly held: boolean
  readonly sendAt: string | null
  readonly validUntil: string | null
  readonly priority: number | null
  readonly recipient: string
  readonly sender: string | null
  readonly body: string
}

interface EnteredRow {
  readonly request_id: string
  readonly message_uuid: string
  readonly recipient: string
  readonly sender: string | null
  readonly body: string
  readonly priority: number | null
  readonly send_at: Date | null
  readonly valid_until: Date | null
  readonly service_said: string | null
  readonly legacy_said: string | null
  readonly delivery_status: string | null
  readonly handed_back: boolean
}

const entered = statement<EnteredRow>(import.meta.url, './sql/entered.sql')
const known = statement<{ message_uuid: string }>(import.meta.url, './sql/known.sql')
const handedBack = statement<{ message_uuid: string }>(import.meta.url, './sql/handed-back.sql')
const open = statement<{ message_uuid: string }>(import.meta.url, './sql/open-rows.sql')

/** Messages that the gateway entered and the ledger has no row of, piece by piece. */
export async function* forgottenMessages(
  { legacy, messaging }: RestoreDatabases,
  bounds: { readonly from: Date; readonly until: Date; readonly dueUntil: Date },
): AsyncGenerator<Forgotten[]> {
  let after = BEFORE_ALL
  for (;;) {
    const rows = await legacy.run(entered, [
      after,
      bounds.until.toISOString(),
      bounds.from.toISOString(),
      PIECE,
    ])
    const last = rows.at(-1)
    if (!last) return
    after = last.request_id
    const uuids = rows.map((row) => row.message_uuid)
    const there = new Set((await messaging.run(known, [uuids])).map((row) => row.message_uuid))
    const forgotten = rows
      .filter((row) => !there.has(row.message_uuid))
      .map((row) => toForgotten(row, bounds.dueUntil))
    if (forgotten.length > 0) yield forgotten
  }
}

function toForgotten(row: EnteredRow, dueUntil: Date): Forgotten {
  const { message_uuid: messageUuid, recipient, sender, body, priority, send_at, valid_until } = row
  const way = wayOf(row)
  // Whoever held it, the ledger lets nobody dispatch before send_at. What has ended on record is not held again.
  const isOpen =
    row.legacy_said === null && (row.delivery_status === null || row.delivery_status === 'handed_back')
  const held = way !== 'nobody' && isOpen && send_at !== null && send_at > dueUntil
  const times = { sendAt: send_at?.toISOString() ?? null, validUntil: valid_until?.toISOString() ?? null }
  return { messageUuid, way, held, ...times, priority, recipient, sender, body }
}

// Where the gateway has no verdict either, the message was in its hands: it is in doubt, and not charged.
function wayOf({ service_said, legacy_said, handed_back }: EnteredRow): Way {
  if (handed_back) return 'handed_back'
  if (service_said === null || legacy_said !== null) return 'legacy'
  return service_said === 'rejected' ? 'nobody' : 'go'
}

/** Those of these messages that the legacy side has taken back from the service, as the gateway knows. */
export async function takenBack(
  { legacy }: RestoreDatabases,
  messageUuids: readonly string[],
): Promise<string[]> {
  return (await legacy.run(handedBack, [messageUuids])).map((row) => row.message_uuid)
}

/** Messages that the ledger holds as unsent and that were due, or as under way, piece by piece. */
export async function* openMessages(
  { messaging }: RestoreDatabases,
  dueUntil: Date,
): AsyncGenerator<string[]> {
  let after = BEFORE_ALL
  for (;;) {
    const rows = await messaging.run(open, [dueUntil.toISOString(), after, PIECE])
    const last = rows.at(-1)
    if (!last) return
    after = last.message_uuid
    yield rows.map((row) => row.message_uuid)
  }
}
