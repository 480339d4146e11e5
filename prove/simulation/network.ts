// Calls between the two sides: each may be refused, lost, late, doubled, or answered by nobody.
import type { Call, Exchange, HttpPeer } from '../../src/http/exchange.ts'
import type { SimulatedProcess, World } from './world.ts'
import { latencyMs, later } from './world.ts'

const faults = {
  refused: 1,
  request_lost: 1,
  request_late: 2,
  request_twice: 1,
  answer_lost: 1.5,
  answer_late: 1.5,
  answer_reset: 0.7,
  answer_foreign: 0.7,
  answer_cut: 0.5,
  receiver_crashes: 0.7,
  caller_crashes: 0.7,
} as const

export interface Answer {
  readonly status: number
  readonly text: string
}

/** A process that takes calls; undefined while it does not listen. */
export interface Receiver extends SimulatedProcess {
  readonly receive: ((call: Call) => Promise<Answer>) | undefined
}

const refused: Exchange = { kind: 'not_sent', cause: 'connection_refused', detail: 'nobody listens' }
const reset: Exchange = { kind: 'ambiguous', cause: 'reset', detail: 'other side closed' }

/** A peer behind which any of `receivers` answers. */
export function connectPeer(world: World, caller: string, receivers: readonly Receiver[]): HttpPeer {
  const { scheduler, chance } = world

  function exchange(call: Call): Promise<Exchange> {
    const owner = scheduler.current
    if (!owner.isAlive) return new Promise(() => {})
    const point = `${caller} ${call.path}`
    const receiver = receivers[chance.below(point, receivers.length)] as Receiver
    const isCut = world.cut.has(linkOf(caller, receiver.name))
    const fault = isCut ? 'request_lost' : chance.fault(point, faults)
    world.tell(
      caller,
      receiver.name,
      `${call.method} ${call.path}${bodyOf(call)}${fault ? `: ${fault}` : ''}`,
    )
    return new Promise((resolve) => {
      const end = (delayMs: number, outcome: Exchange) =>
        void scheduler.schedule(owner, delayMs, () => {
          timer.cancel()
          resolve(outcome)
        })
      const timer = scheduler.schedule(owner, call.timeoutMs, () =>
        resolve({
          kind: 'ambiguous',
          cause: 'timeout',
          detail: `no whole answer within ${call.timeoutMs} ms`,
        }),
      )
      const answered = (delayMs: number) => (exchange: Exchange) => {
        if (!world.cut.has(linkOf(caller, receiver.name))) end(delayMs, exchange)
      }
      const wayMs = latencyMs(world, point)
      // As often just in time as too late.
      const late = chance.share(point)
      const lateMs = call.timeoutMs * (late < 0.5 ? 0.1 + late * 1.6 : late * 6)
      const arrive = (delayMs: number, answer: (exchange: Exchange) => void) =>
        later(world, delayMs, () => deliver(receiver, call, answer))
      switch (fault) {
        case undefined:
          return void arrive(wayMs, answered(latencyMs(world, point)))
        case 'refused':
          return end(wayMs, refused)
        case 'request_lost':
          return undefined
        case 'request_late':
          return void arrive(lateMs, answered(wayMs))
        case 'request_twice':
          arrive(lateMs, () => {})
          return void arrive(wayMs, answered(wayMs))
        case 'answer_lost':
          return void arrive(wayMs, () => {})
        case 'answer_late':
          return void arrive(wayMs, answered(lateMs))
        case 'answer_reset':
          return void arrive(wayMs, () => end(wayMs, reset))
        case 'answer_foreign':
          return void arrive(wayMs, () => end(wayMs, answer(502, '<html>bad gateway</html>')))
        case 'answer_cut':
          return void arrive(wayMs, (exchange) =>
            end(
              wayMs,
              exchange.kind === 'answer' ? answer(exchange.status, exchange.text.slice(0, -2)) : exchange,
            ),
          )
        case 'receiver_crashes':
          return void arrive(wayMs, () => receiver.crash('call: answered'))
        case 'caller_crashes':
          return void arrive(wayMs, () => world.processOf(owner)?.crash('call: waiting'))
      }
    })
  }

  function deliver(receiver: Receiver, call: Call, answered: (exchange: Exchange) => void): void {
    const { owner, receive } = receiver
    if (!owner.isAlive || !receive) return answered(refused)
    scheduler.schedule(owner, 0, () => {
      receive(call).then(
        ({ status, text }) => {
          world.tell(receiver.name, caller, `${status} ${text}`)
          answered(answer(status, text))
        },
        (error: unknown) => world.violate(`a call was not answered: ${String(error)}`),
      )
    })
  }

  return { exchange, close: async () => {} }
}

export const linkOf = (one: string, other: string): string => [one, other].toSorted().join(' - ')

const answer = (status: number, text: string): Exchange => ({ kind: 'answer', status, headers: {}, text })

function bodyOf({ body }: Call): string {
  return body === undefined ? '' : ` ${body.slice(0, 160)}`
}
