import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type {
  ModeChanged,
  ModeChangeStatus,
  ModeView,
  SendResponse,
  SentMessage,
} from '../../contract/gateway-api.ts'
import type { Mode } from '../../core/mode.ts'
import { statement } from '../../db/statement.ts'
import { ask } from './ask.ts'
import { DRILL_TENANT, type DrillContext } from './drill.ts'
import { createFaultControl, type Faults } from './fault-control.ts'
import { observe, type Observed } from './observe.ts'

const openDrill = statement<never>(import.meta.url, '../sql/drill-open.sql')

const KEY_VALID_MS = 600_000
const ACKNOWLEDGED_WITHIN_MS = 30_000
const SETTLED_WITHIN_MS = 60_000
const POLL_MS = 100

/** Where a drill works: its own tenant's mode, marked messages, faults that end by themselves. */
export interface DrillSite {
  readonly context: DrillContext
  /** Sends one marked message after the other, a request each; not before `sendAt` where it is given. */
  send(count: number, sendAt?: string): Promise<TimedMessage[]>
  /** Resolves when every gateway has acknowledged it and nothing of the tenant is under way under the setting before. */
  setMode(mode: Mode): Promise<void>
  setFaults(faults: Faults): Promise<void>
  clearFaults(): Promise<void>
  forwarded(): Promise<number>
  breaker(): Promise<string>
  /** Asks until it holds; false when the time is up. */
  until(holds: () => Promise<boolean>, timeoutMs: number): Promise<boolean>
  pause(ms: number): Promise<void>
  observe(messageUuids: readonly string[]): Promise<Observed[]>
}

export interface TimedMessage extends SentMessage {
  readonly tookMs: number
}

/** `id` marks the messages. The key for them is made here and ends by itself. */
export async function openSite(context: DrillContext, drill: string, id: string): Promise<DrillSite> {
  const { gateway, operatorKey, legacy, messaging, carrier, recipient, signal } = context
  const sendKey = randomBytes(24).toString('base64url')
  await legacy.run(openDrill, [createHash('sha256').update(sendKey).digest(), KEY_VALID_MS])
  const faults = context.faults && createFaultControl(context.faults)
  const needFaults = () => {
    if (!faults) throw new Error(`drill ${drill}: there is no fault proxy`)
    return faults
  }

  async function sendOne(number: number, sendAt?: string): Promise<TimedMessage> {
    signal.throwIfAborted()
    const beganMs = performance.now()
    const body = {
      to: recipient,
      body: `Baton drill ${drill} ${id} ${number}`,
      reference: `drill:${drill}:${id}`,
      ...(sendAt === undefined ? {} : { send_at: sendAt }),
    }
    const answer = await ask<SendResponse>(gateway, { method: 'POST', path: '/v1/sms', key: sendKey, body })
    const [message] = answer.messages
    if (!message) throw new Error('POST /v1/sms: the answer names no message')
    return { ...message, tookMs: performance.now() - beganMs }
  }

  async function until(holds: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
    const endMs = performance.now() + timeoutMs
    for (;;) {
      signal.throwIfAborted()
      if (await holds()) return true
      if (performance.now() > endMs) return false
      await sleep(POLL_MS, undefined, { signal })
    }
  }

  let sent = 0
  return {
    context,
    until,
    async send(count, sendAt) {
      const messages: TimedMessage[] = []
      for (let one = 0; one < count; one++) messages.push(await sendOne(++sent, sendAt))
      return messages
    },
    async setMode(mode) {
      const change = await putMode(context, mode, `drill ${drill} ${id}`)
      const path = `/operator/mode/changes/${change.epoch}`
      const isInForce = async () =>
        (await ask<ModeChangeStatus>(gateway, { method: 'GET', path, key: operatorKey })).drained
      if (!(await until(isInForce, ACKNOWLEDGED_WITHIN_MS))) {
        throw new Error(`drill ${drill}: mode change ${change.epoch} was not acknowledged in time`)
      }
    },
    setFaults: (wanted) => needFaults().set(wanted),
    clearFaults: () => needFaults().clear(),
    forwarded: () => needFaults().forwarded(),
    async breaker() {
      const path = '/operator/status'
      return (await ask<{ breaker: string }>(gateway, { method: 'GET', path, key: operatorKey })).breaker
    },
    pause: (ms) => sleep(ms, undefined, { signal }),
    observe: (messageUuids) =>
      observe(messaging, carrier, messageUuids, { timeoutMs: SETTLED_WITHIN_MS, signal }),
  }
}

/** Changes the mode of the drills' tenant, and of no other. */
export function putMode(
  { gateway, operatorKey }: DrillContext,
  mode: Mode,
  reason: string,
): Promise<ModeChanged> {
  const body = { mode, tenant: DRILL_TENANT, reason }
  return ask(gateway, { method: 'PUT', path: '/operator/mode', key: operatorKey, body })
}

export function readModeView({ gateway, operatorKey }: DrillContext): Promise<ModeView> {
  return ask(gateway, { method: 'GET', path: '/operator/mode', key: operatorKey })
}
