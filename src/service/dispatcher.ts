import type { Logger } from 'pino'
import type { Dispatched, Dispatching, TakeOptions } from '../authority/dispatch.ts'
import { expireForService, moveStuck } from '../authority/lanes.ts'
import type { Database } from '../db/database.ts'
import { repeat } from '../process/repeat.ts'
import type { SendResult } from '../providers/provider.ts'
import { startLane, type Lane } from './lane.ts'
import { createOpenings } from './sending-windows.ts'
import { deferShut } from '../authority/windows.ts'
import { paceOf, type RoutedProvider, type ServiceProviders } from './providers.ts'

export interface DispatcherOptions {
  readonly database: Database
  readonly dispatching: Dispatching
  readonly providers: ServiceProviders
  readonly settle: (dispatched: Dispatched, result: SendResult) => Promise<void>
  readonly idleMs: number
  readonly staleMs: number
  readonly log: Logger
}

export interface Dispatcher {
  /** Looks for work now. */
  wake(): void
  readonly inFlight: number
  /** Takes no more and waits for what is in flight, with its outcome recorded. */
  stop(): Promise<void>
}

const SWEEP_INTERVAL_MS = 1_000

/**
 * Sends what the service has accepted: any number of processes run one each. A message is taken only when there
 * is room to send it at once, so that nothing waits in memory as `dispatched`.
 */
export async function startDispatcher(options: DispatcherOptions): Promise<Dispatcher> {
  const { database, dispatching, providers, log } = options
  const { list, senderPaces, windows = [] } = providers
  const windowByName = new Map(windows.map(({ name, window }) => [name, window]))
  await dispatching.preparePaces([
    ...list.flatMap(({ provider, perSecond }) =>
      perSecond === undefined ? [] : [nameOfPace(provider.name)],
    ),
    ...Object.keys(senderPaces).map(nameOfSender),
  ])
  const lanes = list.map((routed) =>
    startLane({
      ...options,
      routed,
      queues: queuesOf(routed, senderPaces),
      openings: createOpenings(windows, routed.window),
      onPaused: sweepSoon,
    }),
  )
  const stopping = new AbortController()
  const sweeping = repeat(SWEEP_INTERVAL_MS, stopping.signal, sweep, (err) =>
    log.error({ err }, 'dispatcher: the sweep failed'),
  )

  function sweepSoon(): void {
    sweep().catch((err: unknown) => log.error({ err }, 'dispatcher: the sweep failed'))
  }

  async function sweep(): Promise<void> {
    const expired = await expireForService(database)
    if (expired.length > 0) log.warn({ messages: expired.length }, 'void: valid_until has passed')
    const { voided } = await deferShut(database, windowByName)
    if (voided > 0) log.warn({ messages: voided }, 'void: valid_until passes before the sending window opens')
    const isWell = ({ health }: Lane) => health().kind === 'well'
    const open = lanes.filter(isWell).map(({ name }) => name)
    // A lane that is probing tries what comes to it now; what has waited there goes elsewhere.
    const shut = lanes.filter((lane) => !isWell(lane)).map(({ name }) => name)
    if ((await moveStuck(database, open, shut)) > 0) lanes.forEach((lane) => lane.wake())
  }

  return {
    wake: () => lanes.forEach((lane) => lane.wake()),
    get inFlight() {
      return lanes.reduce((total, lane) => total + lane.inFlight, 0)
    },
    async stop() {
      stopping.abort()
      await Promise.all([sweeping, ...lanes.map((lane) => lane.stop())])
    },
  }
}

const nameOfPace = (provider: string): string => `provider ${provider}`
const nameOfSender = (sender: string): string => `sender ${sender}`

function queuesOf(
  { provider, perSecond }: RoutedProvider,
  senderPaces: ServiceProviders['senderPaces'],
): TakeOptions[] {
  const own = perSecond === undefined ? [] : [paceOf(nameOfPace(provider.name), perSecond)]
  const ofSenders = Object.entries(senderPaces).map(([sender, rate]) => ({
    paced: sender,
    paces: [...own, paceOf(nameOfSender(sender), rate)],
  }))
  return [{ paces: own }, ...ofSenders]
}
