// What a ledger that went back in time may have forgotten, from the gateway's own records and from what it still holds
// as unsent.
import { statement } from '../db/statement.ts'
import { BEFORE_ALL, PIECE, type RestoreDatabases } from './restore-step.ts'

/** `nobody`: the service rejected it, so it was never sent. */
export type Way = 'go' | 'legacy' | 'nobody'

export interface Forgotten {
  readonly messageUuid: string
  readonly way: Way
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
  readonly source: 'legacy' | 'go' | null
  readonly status: string | null
}

const entered = statement<EnteredRow>(import.meta.url, './sql/entered.sql')
const known = statement<{ message_uuid: string }>(import.meta.url, './sql/known.sql')
const open = statement<{ message_uuid: string }>(import.meta.url, './sql/open-rows.sql')

/** Messages that the gateway entered and the ledger has no row of, piece by piece. */
export async function* forgottenMessages(
  { legacy, messaging }: RestoreDatabases,
  bounds: { readonly from: Date; readonly until: Date },
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
    const forgotten = rows.filter((row) => !there.has(row.message_uuid)).map(toForgotten)
    if (forgotten.length > 0) yield forgotten
  }
}

function toForgotten(row: EnteredRow): Forgotten {
  const { message_uuid: messageUuid, recipient, sender, body } = row
  return { messageUuid, way: wayOf(row), recipient, sender, body }
}

// Where the gateway has no verdict either, the message was in its hands: it is in doubt, and not charged.
function wayOf({ source, status }: EnteredRow): Way {
  if (source !== 'go') return 'legacy'
  return status === 'rejected' ? 'nobody' : 'go'
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
