// Scheduled messages: never before their time, never dispatched past their validity.
import type { Judged } from './judge.ts'
import { START_MS } from './world.ts'

export function judgeTimes({ world, carrier, count }: Judged): void {
  const { tables } = world.store
  const termsOf = new Map(
    tables.requests.all().flatMap((row) => row.message_uuids.map((uuid) => [uuid, row] as const)),
  )
  for (const { messageUuid, atMs } of carrier.sent) {
    const sendAt = termsOf.get(messageUuid)?.send_at ?? null
    if (sendAt === null) continue
    if (START_MS + atMs < sendAt) world.violate(`times: ${messageUuid} was sent before its time`)
    count('sent_when_due')
  }
  for (const { from, to } of tables.steps) {
    const { send_at = null, valid_until = null } = termsOf.get(to.message_uuid) ?? {}
    if (from === null && to.holder === 'legacy' && to.state === 'claimed') count('held_for_legacy')
    if (to.state === 'void' && to.reason === 'valid_until has passed') count('voided_late')
    if (to.state !== 'dispatched' || from?.state === 'dispatched') continue
    const at = to.dispatched_at ?? 0
    if (send_at !== null && at < send_at) world.violate(`times: ${to.message_uuid} was dispatched too early`)
    if (valid_until !== null && at >= valid_until)
      world.violate(`times: ${to.message_uuid} was dispatched too late`)
  }
}
