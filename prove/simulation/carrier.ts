// The outside world behind the providers, with a log of its own: the judge of what was sent.
import type { LegacyDriver, Rehearsal } from '../../src/gateway/legacy-driver.ts'
import type { LaterEvidence, SendResult, SmsProvider } from '../../src/providers/provider.ts'
import type { Permit } from '../../src/authority/permit.ts'
import type { Owner } from './scheduler.ts'
import { latencyMs, later, stall, type World } from './world.ts'

export interface Sent {
  readonly messageUuid: string
  readonly account: 'legacy' | 'service'
  readonly provider: string
  readonly attemptToken: string
  readonly id: string
  readonly atMs: number
}

export interface Carrier {
  readonly sent: readonly Sent[]
  /** Requests of this message that may still arrive. */
  onTheWay(messageUuid: string): number
  legacyDriver(): LegacyDriver
  provider(name: string, protection: SmsProvider['protection']['kind']): SmsProvider
}

const faults = {
  refuses_message: 1,
  refuses_account: 0.4,
  refuses_pace: 0.4,
  not_reached: 1,
  request_lost: 0.7,
  answer_lost: 1.5,
  answer_unreadable: 0.7,
  accepts_late: 1.5,
  answers_late: 0.7,
  crash_before: 0.7,
  crash_after: 1,
  stall_after: 0.7,
} as const

/** After it the provider's own client gives the answer up. */
export const PROVIDER_TIMEOUT_MS = 1_000
const DEDUPE_WINDOW_MS = 60_000

export function createCarrier(world: World): Carrier {
  const { scheduler, chance, store } = world
  const sent: Sent[] = []
  const travelling = new Map<string, number>()

  /** The request arrives: it is a send, unless the vendor dedupes it. */
  function arrive(provider: string, account: Sent['account'], permit: Permit, dedupes: boolean): string {
    const { messageUuid, attemptToken } = permit
    const before = sent.find((one) => one.messageUuid === messageUuid && one.provider === provider)
    if (dedupes && before) return before.id
    const id = `${provider}-${sent.length + 1}`
    sent.push({ messageUuid, account, provider, attemptToken, id, atMs: scheduler.nowMs })
    world.tell(provider, 'handset', `SMS ${messageUuid}`)
    return id
  }

  function request(
    provider: string,
    account: Sent['account'],
    permit: Permit,
    dedupes: boolean,
  ): Promise<SendResult> {
    const owner = scheduler.current
    if (!owner.isAlive) return new Promise(() => {})
    const point = `${owner.name} ${provider}`
    const { messageUuid } = permit
    requireDispatched(permit, provider)
    const fault = chance.fault(point, faults)
    world.tell(owner.name, provider, `send ${messageUuid}${fault ? `: ${fault}` : ''}`)
    if (fault === 'crash_before') return die(owner, 'send: before')
    travelling.set(messageUuid, (travelling.get(messageUuid) ?? 0) + 1)
    const wayMs = latencyMs(world, point)
    const lateMs = PROVIDER_TIMEOUT_MS * (0.5 + chance.share(point) * 9)
    return new Promise((resolve) => {
      const answer = (delayMs: number, result: SendResult) =>
        void scheduler.schedule(owner, delayMs, () => {
          timer.cancel()
          resolve(result)
        })
      const timer = scheduler.schedule(owner, PROVIDER_TIMEOUT_MS, () =>
        resolve({ kind: 'unknown', reason: 'no whole answer: timeout' }),
      )
      const unreadable: SendResult = { kind: 'unknown', reason: 'no whole answer: reset' }
      const reach = (delayMs: number, onArrival: (accept: () => SendResult) => void) =>
        later(world, delayMs, () => {
          travelling.set(messageUuid, (travelling.get(messageUuid) ?? 1) - 1)
          onArrival(() => ({
            kind: 'accepted',
            providerMessageId: arrive(provider, account, permit, dedupes),
          }))
        })
      const refuse = (result: SendResult) => reach(wayMs, () => answer(wayMs, result))
      switch (fault) {
        case undefined:
          return void reach(wayMs, (accept) => answer(wayMs, accept()))
        case 'refuses_message':
          return void refuse({ kind: 'refused', reason: 'HTTP 422', blames: 'message' })
        case 'refuses_account':
          return void refuse({ kind: 'refused', reason: 'HTTP 403', blames: 'account' })
        case 'refuses_pace':
          return void refuse({ kind: 'refused', reason: 'HTTP 429', blames: 'pace', retryAfterMs: 300 })
        case 'not_reached':
          return void reach(wayMs, () => answer(0, { kind: 'not_sent', reason: 'no connection' }))
        case 'request_lost':
          return void reach(wayMs, () => {})
        case 'answer_lost':
          return void reach(wayMs, (accept) => void accept())
        case 'answer_unreadable':
          return void reach(wayMs, (accept) => {
            accept()
            answer(wayMs, unreadable)
          })
        case 'accepts_late':
          return void reach(lateMs, (accept) => answer(wayMs, accept()))
        case 'answers_late':
          return void reach(wayMs, (accept) => answer(lateMs, accept()))
        case 'stall_after': {
          const isRefused = chance.share(point) < 0.6
          return void reach(wayMs, (accept) => {
            answer(wayMs, isRefused ? refusalOf(chance.below(point, 3)) : accept())
            stall(world, owner, 500 + chance.share(point) * 8_500)
          })
        }
        case 'crash_after':
          return void reach(wayMs, (accept) => {
            accept()
            world.processOf(owner)?.crash('send: after')
          })
      }
    })
  }

  function die(owner: Owner, step: string): Promise<never> {
    world.processOf(owner)?.crash(step)
    return new Promise(() => {})
  }

  /** I2: a request has an earlier committed `dispatched` under its token. */
  function requireDispatched({ messageUuid, attemptToken }: Permit, provider: string): void {
    const isDispatch = store.tables.steps.some(
      ({ to }) =>
        to.message_uuid === messageUuid && to.attempt_token === attemptToken && to.state === 'dispatched',
    )
    if (!isDispatch) world.violate(`I2: ${provider} is asked to send ${messageUuid} without a dispatch`)
  }

  function protectionOf(name: string, kind: SmsProvider['protection']['kind']): SmsProvider['protection'] {
    switch (kind) {
      case 'dedupe':
        return {
          kind,
          key: 'message_uuid',
          windowMs: DEDUPE_WINDOW_MS,
          async replay(permit, message): Promise<LaterEvidence> {
            permit.spend(message.messageUuid)
            world.count('replays')
            const result = await request(name, 'service', permit, true)
            return result.kind === 'accepted'
              ? { kind: 'sent', providerMessageId: result.providerMessageId }
              : { kind: 'proves_nothing', reason: result.reason }
          },
        }
      case 'lookupByReference':
        return {
          kind,
          keptMs: DEDUPE_WINDOW_MS,
          lookUp: ({ messageUuid }) =>
            new Promise((resolve) => {
              const find = (): LaterEvidence => {
                const one = sent.find((entry) => entry.messageUuid === messageUuid && entry.provider === name)
                if (one) world.count('looked_up')
                return one
                  ? { kind: 'sent', providerMessageId: one.id }
                  : { kind: 'proves_nothing', reason: 'the vendor does not find it' }
              }
              const owner = scheduler.current
              scheduler.schedule(owner, latencyMs(world, name), () => resolve(find()))
            }),
        }
      default:
        return { kind }
    }
  }

  /** Says what it would do, mostly; sends nothing. */
  function rehearse(): Promise<Rehearsal> {
    const isAnswered = chance.share('rehearsal') < 0.9
    world.count('rehearsals')
    const answer: Rehearsal = isAnswered
      ? { kind: 'answer', verdict: 'send', told: {} }
      : { kind: 'no_answer', reason: 'timeout' }
    return new Promise((resolve) => {
      scheduler.schedule(scheduler.current, latencyMs(world, 'rehearsal'), () => resolve(answer))
    })
  }

  const close = async () => {}
  return {
    sent,
    onTheWay: (messageUuid) => travelling.get(messageUuid) ?? 0,
    legacyDriver: () => ({
      name: 'legacy',
      async send(permit, { messageUuid }) {
        permit.spend(messageUuid)
        return request('legacy', 'legacy', permit, false)
      },
      rehearse,
      close,
    }),
    provider: (name, kind) => ({
      name,
      protection: protectionOf(name, kind),
      receipts: { kind: 'none', why: 'the simulation has none' },
      async send(permit, { messageUuid }) {
        permit.spend(messageUuid)
        return request(name, 'service', permit, kind === 'dedupe')
      },
      close,
    }),
  }
}

function refusalOf(kind: number): SendResult {
  if (kind === 0) return { kind: 'refused', reason: 'HTTP 422', blames: 'message' }
  if (kind === 1) return { kind: 'refused', reason: 'HTTP 403', blames: 'account' }
  return { kind: 'not_sent', reason: 'no connection' }
}
