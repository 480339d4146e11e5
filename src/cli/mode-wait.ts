import { setTimeout as sleep } from 'node:timers/promises'
import type { ModeChangeStatus } from '../contract/gateway-api.ts'
import { callApi } from './call.ts'
import type { Reach } from './reach.ts'
import type { Outcome } from './shell.ts'

const POLL_MS = 200

/** How far a change has come. */
export function getModeChange(reach: Reach, epoch: number): Promise<Outcome<ModeChangeStatus>> {
  return callApi(reach, {
    at: 'BATON_GATEWAY_URL',
    key: 'BATON_OPERATOR_KEY',
    method: 'GET',
    path: `/operator/mode/changes/${epoch}`,
  })
}

/**
 * Asks until every live gateway has acknowledged the change and nothing is under way under older ones, or until the
 * time is up: the last answer tells which. A gateway that does not answer is asked again within that time.
 */
export async function waitForChange(
  reach: Reach,
  epoch: number,
  timeoutMs: number,
  onProgress: (status: ModeChangeStatus) => void,
): Promise<Outcome<ModeChangeStatus>> {
  const endMs = performance.now() + timeoutMs
  let known: Outcome<ModeChangeStatus> | undefined
  for (;;) {
    const outcome = await getModeChange(reach, epoch)
    if (outcome.kind === 'done' || known === undefined) known = outcome
    if (outcome.kind === 'done') {
      onProgress(outcome.value)
      if (outcome.value.drained) return outcome
    }
    if (performance.now() + POLL_MS >= endMs) return known
    await sleep(POLL_MS)
  }
}

/** One line: who has acknowledged, and what is still under way. */
export function describeChange(status: ModeChangeStatus): string {
  const { epoch, live, acknowledged, in_flight_requests, unresolved_messages } = status
  const missing = status.gateways.filter((one) => !one.acknowledged)
  const names = missing.map(({ gateway, owner }) => gateway ?? `a gateway without a name (${owner})`)
  return [
    `change ${epoch}: ${acknowledged} of ${live} gateways have acknowledged it`,
    ...(names.length > 0 ? [`missing: ${names.join(', ')}`] : []),
    `${in_flight_requests} requests and ${unresolved_messages} unresolved messages under older settings`,
  ].join('; ')
}

/** What the service still holds of what it has accepted, where that is news. */
export function describeHeld({ mode, held_by_service }: ModeChangeStatus): string | undefined {
  if (mode === 'ON' || held_by_service === null) return undefined
  const { claimed, dispatched } = held_by_service
  return claimed + dispatched === 0
    ? undefined
    : `The service still holds ${claimed} messages it has not begun and ${dispatched} it is sending: it sends them, or: baton hand-back`
}
