import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../../db/database.ts'
import { statement } from '../../db/statement.ts'
import type { HttpPeer } from '../../http/exchange.ts'
import { ask } from './ask.ts'

/** What became of a message, by the ledger and by the carrier. */
export interface Observed {
  readonly messageUuid: string
  readonly state: string
  readonly holder: 'go' | 'legacy' | null
  /** Whether the service has a row for it. */
  readonly known_to_service: boolean
  /** How often the carrier sent it; null: it was not sent by the carrier whose log there is. */
  readonly carried: number | null
}

interface Row {
  message_uuid: string
  state: string
  holder: 'go' | 'legacy' | null
  provider: string | null
  known_to_service: boolean
}

const rowsOf = statement<Row>(import.meta.url, '../sql/drill-messages.sql')

const SETTLED = new Set(['sent', 'refused', 'void', 'in_doubt'])
const LOOK_AGAIN_MS = 200

/** Waits until every message is settled in the ledger, or the time is up; then asks the carrier. */
export async function observe(
  messaging: Database,
  carrier: HttpPeer | null,
  messageUuids: readonly string[],
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Observed[]> {
  const endMs = performance.now() + timeoutMs
  let rows = await messaging.run(rowsOf, [messageUuids])
  while (!rows.every(({ state }) => SETTLED.has(state)) && performance.now() < endMs) {
    await sleep(LOOK_AGAIN_MS, undefined, { signal })
    rows = await messaging.run(rowsOf, [messageUuids])
  }
  const byUuid = new Map(rows.map((row) => [row.message_uuid, row]))
  return Promise.all(
    messageUuids.map(async (messageUuid) => {
      const { state = 'absent', holder = null, known_to_service = false } = byUuid.get(messageUuid) ?? {}
      const carried = carrier && (await countSends(carrier, messageUuid, byUuid.get(messageUuid)?.provider))
      return { messageUuid, state, holder, known_to_service, carried }
    }),
  )
}

/** Nothing is known of what another carrier sent: a sandbox that has nothing proves nothing then. */
async function countSends(
  carrier: HttpPeer,
  messageUuid: string,
  provider: string | null | undefined,
): Promise<number | null> {
  const path = `/log?reference=${messageUuid}`
  const sends = (await ask<readonly object[]>(carrier, { method: 'GET', path })).length
  return sends === 0 && provider && !provider.startsWith('sandbox') ? null : sends
}

/** What must never be, whatever the drill. */
export function judgeSends(observed: readonly Observed[]): Record<string, number> {
  const count = (is: (one: Observed) => boolean): number => observed.filter(is).length
  return {
    messages: observed.length,
    sent_twice: count(({ carried }) => carried !== null && carried > 1),
    lost: count(({ state, carried }) => state !== 'sent' || carried === 0),
    judged_by_carrier: count(({ carried }) => carried !== null),
  }
}
