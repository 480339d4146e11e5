// What tests of scheduled messages ask of a system.
import assert from 'node:assert/strict'
import type { SendResponse } from '../../src/contract/gateway-api.ts'
import type { Acknowledged } from './checker.ts'
import { reservedNumber } from './numbers.ts'
import { eventually, SEND_KEY, type System } from './system.ts'

/** Far enough for a look at what is held, near enough to wait for. */
export const SOON_MS = 1_500
export const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString()
export const uuidOf = ({ messages: [message] }: SendResponse): string => message?.message_uuid ?? ''

export function scheduling(system: System) {
  const acknowledged: Acknowledged[] = []

  async function send(body: object, headers: Record<string, string> = {}): Promise<SendResponse> {
    const reply = await system.send({ to: reservedNumber(0), body: 'later', ...body }, headers)
    assert.equal(reply.status, 202, JSON.stringify(reply.body))
    acknowledged.push(...reply.body.messages)
    return reply.body
  }

  async function carried(uuid: string) {
    return (await system.carrier()).filter(({ reference }) => reference === uuid)
  }

  async function ledger(uuid: string) {
    const [row] = await system.sql<{ state: string; holder: string | null; reason: string | null }>(
      `select state, holder, reason from messaging.execution_authority where message_uuid = '${uuid}'`,
    )
    return row
  }

  async function logged(uuid: string) {
    const [row] = await system.sql<{
      source: string
      status: string
      fallback: string | null
      reason: string | null
    }>(
      `select source, status, fallback, reason from legacy.sms_logs where message_uuid = '${uuid}' and not dry_run`,
    )
    return row
  }

  async function quota() {
    const [row] = await system.sql<{ used: number; reserved: number }>(
      `select used, reserved from legacy.quota_accounts where tenant = 'demo'`,
    )
    return row
  }

  const view = async (uuid: string) =>
    (await system.call<Record<string, unknown>>('GET', `/v1/sms/${uuid}`, undefined, SEND_KEY)).body

  const open = () =>
    system.sql<{ n: number }>(
      `select (select count(*) from messaging.execution_authority where state in ('claimed', 'dispatched'))
        + (select count(*) from legacy.unresolved_messages) as n`,
    )
  const drained = () => eventually(open, (rows) => rows[0]?.n === 0)

  /** Waits for the one send and holds it against the time that was asked for. */
  async function sentOnceBy(account: 'legacy' | 'service', uuid: string, sendAt: string): Promise<void> {
    await eventually(
      () => ledger(uuid),
      (row) => row?.state === 'sent',
    )
    await drained()
    const sends = await carried(uuid)
    assert.deepEqual(
      sends.map((send) => send.account),
      [account],
    )
    assert.ok(
      Date.parse(sends[0]?.at ?? '') >= Date.parse(sendAt),
      `sent at ${sends[0]?.at}, before ${sendAt}`,
    )
  }

  return { acknowledged, send, carried, ledger, logged, quota, view, drained, sentOnceBy }
}
