import type { Mode } from '../../src/core/mode.ts'
import type { SmsProvider } from '../../src/providers/provider.ts'
import { shareOf } from './chance.ts'

/** What happens from outside, besides the faults at each point. */
export type Action = { readonly atMs: number } & (
  | {
      readonly kind: 'request'
      readonly gateway: number
      readonly recipients: number
      /** With an Idempotency-Key the caller comes again until it is answered. */
      readonly isKeyed: boolean
      /** From when it comes on; absent: at once, for ever. */
      readonly sendInMs?: number
      readonly validForMs?: number
    }
  | { readonly kind: 'flip'; readonly mode: Mode; readonly rampPercent: number }
  | { readonly kind: 'crash'; readonly process: number }
  /** The process is stopped, and goes on after it. */
  | { readonly kind: 'stall'; readonly process: number; readonly forMs: number }
  /** Nothing passes between a process and one it talks to. */
  | {
      readonly kind: 'cut'
      readonly process: number
      readonly peer: 'database' | 'other side'
      readonly forMs: number
    }
  /** A gateway that lives is taken for dead: another one may continue its requests. */
  | { readonly kind: 'forget'; readonly gateway: number }
  /** An operator takes back what the service has not begun to send, most of the time after OFF. */
  | { readonly kind: 'hand_back'; readonly isAfterOff: boolean }
  /** An operator settles what is in doubt, by what the carrier's own log says, again and again. */
  | { readonly kind: 'decide'; readonly everyMs: number; readonly times: number }
)

export interface Plan {
  readonly seed: number
  readonly gateways: number
  readonly services: number
  readonly mode: Mode
  readonly rampPercent: number
  readonly quotaLimit: number
  /** The service's providers, by what protects a send whose answer was lost. */
  readonly providers: readonly SmsProvider['protection']['kind'][]
  readonly intensity: number
  readonly acceptDeadlineMs: number
  readonly breakerFailuresMax: number
  /** From then on nothing goes wrong any more. */
  readonly stormMs: number
  readonly actions: readonly Action[]
  /** How far the wall clock of each process is off. */
  readonly skewMs: readonly number[]
}

const modes: readonly Mode[] = ['ON', 'ON', 'ON', 'OFF', 'SHADOW']
const protections = ['none', 'lookupByReference', 'dedupe'] as const
const intensities = [0.01, 0.02, 0.04, 0.04, 0.08]
const HOUR_MS = 3_600_000

/** The same seed, the same plan. */
export function planFor(seed: number): Plan {
  let draws = 0
  const share = () => shareOf(seed, 'plan', ++draws)
  const below = (limit: number) => Math.floor(share() * limit)
  const oneOf = <Value>(values: readonly Value[]): Value => values[below(values.length)] as Value
  const gateways = 1 + below(2)
  const services = 1 + below(2)
  const processes = gateways + services
  const stormMs = share() < 0.7 ? 300 + below(900) : 1_000 + below(4_000)
  const requests = 1 + below(share() < 0.8 ? 3 : 6)
  const atMs = () => below(stormMs)
  const terms = () => ({
    ...(share() < 0.2 ? { sendInMs: below(3_000) } : {}),
    ...(share() < 0.1 ? { validForMs: below(5_000) } : {}),
  })
  const rampPercent = () => (share() < 0.75 ? 100 : 50)
  const actions: Action[] = []
  for (let n = 0; n < requests; n++) {
    const recipients = share() < 0.7 ? 1 : 2
    const at = share() < 0.5 ? below(300) : atMs()
    const isKeyed = share() < 0.5
    actions.push({ kind: 'request', atMs: at, gateway: below(gateways), recipients, isKeyed, ...terms() })
  }
  const often = (kind: number, most: number, make: () => Action) => {
    if (share() >= kind) return
    for (let n = 1 + below(most); n > 0; n--) actions.push(make())
  }
  const process = () => below(processes)
  const forMs = () => (share() < 0.7 ? below(1_500) : 2_000 + below(8_000))
  const peer = () => oneOf(['database', 'other side'] as const)
  often(0.5, 3, () => ({ kind: 'flip', atMs: atMs(), mode: oneOf(modes), rampPercent: rampPercent() }))
  often(0.3, 2, () => ({ kind: 'crash', atMs: atMs(), process: process() }))
  often(0.25, 2, () => ({ kind: 'stall', atMs: atMs(), process: process(), forMs: forMs() }))
  often(0.25, 2, () => ({ kind: 'cut', atMs: atMs(), process: process(), peer: peer(), forMs: forMs() }))
  // Taken for dead while it works on a request, most of all.
  const soonAfter = () => (actions[below(requests)]?.atMs ?? 0) + below(700)
  often(0.25, 1, () => ({ kind: 'forget', atMs: soonAfter(), gateway: below(gateways) }))
  // While it is accepted and dispatched, most of all.
  often(0.25, 2, () => ({ kind: 'hand_back', atMs: soonAfter(), isAfterOff: share() < 0.7 }))
  often(0.4, 1, () => ({
    kind: 'decide',
    atMs: below(1_000),
    everyMs: 300 + below(1_500),
    times: 1 + below(20),
  }))
  const isSkewed = share() < 0.3
  return {
    seed,
    gateways,
    services,
    mode: oneOf(modes),
    rampPercent: rampPercent(),
    quotaLimit: share() < 0.8 ? 1_000 : 1 + below(3),
    providers: Array.from({ length: 1 + below(2) }, () => oneOf(protections)),
    intensity: oneOf(intensities),
    acceptDeadlineMs: oneOf([150, 400, 1_500]),
    breakerFailuresMax: 1 + below(2),
    stormMs,
    actions: actions.toSorted((a, b) => a.atMs - b.atMs),
    skewMs: Array.from({ length: processes }, () =>
      isSkewed ? Math.round((share() - 0.5) * 4 * HOUR_MS) : 0,
    ),
  }
}
