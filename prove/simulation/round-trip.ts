// One statement's way to the server and back.
import type { Owner } from './scheduler.ts'
import type { Server } from './server.ts'
import { serverError } from './store/parameters.ts'
import type { Store } from './store/store.ts'
import { latencyMs, later, stall, type World } from './world.ts'

const faults = {
  slow: 1,
  answer_slow: 1,
  commit_answer_lost: 1.5,
  connection_lost_before: 0.7,
  connection_lost_commits_later: 0.7,
  not_connected: 0.7,
  refused_for_now: 0.5,
  crash_before: 0.5,
  crash_in_flight: 0.7,
  crash_after: 1,
  stall_after: 0.5,
} as const
type Fault = keyof typeof faults

/** Statements that look for work: mostly there is none, and a fault shows nothing. */
const looks = new Set([
  'authority/dispatch',
  'authority/expire-go',
  'authority/flag-go',
  'authority/flag-legacy',
  'authority/begin-checks',
  'authority/lanes',
  'authority/handed-back',
  'gateway/due-messages',
  'gateway/forget-keys',
  'gateway/left-requests',
  'gateway/unresolved-messages',
  'service/due-reports',
  'service/match-receipts',
  'begin',
])
const LOOK_SCALE = 0.04

const finds: Readonly<Record<string, string>> = {
  'authority/dispatch': 'claimed',
  'authority/flag-go': 'dispatched',
  'authority/flag-legacy': 'dispatched',
  'authority/begin-checks': 'in_doubt',
  'authority/handed-back': 'claimed',
}

/** A look with nothing to find is seldom disturbed. */
function scaleOf(what: string, { tables }: Store): number {
  if (!looks.has(what)) return 1
  const state = finds[what]
  return state && tables.authority.all().some((row) => row.state === state) ? 1 : LOOK_SCALE
}

const SILENCE_MS = 6_000
const STATEMENT_TIMEOUT = '57014'

export interface Trip<Result> {
  readonly server: Server
  readonly link: string
  readonly isReliable: boolean
  readonly what: string
  /** Happens at the server, at most once. */
  readonly work: () => Result
  /** Whether it waits for an open transaction to end. */
  readonly waits: boolean
}

/** Resolves with what the statement returned, as far as its answer comes back. */
export function trip<Result>({ server, link, isReliable, what, work, waits }: Trip<Result>): Promise<Result> {
  const { world } = server
  const { scheduler, chance } = world
  const owner = scheduler.current
  const point = `${owner.name} ${what}`
  return new Promise((resolve, reject) => {
    if (!owner.isAlive) return undefined
    const isCut = world.cut.has(link)
    const fault = isReliable || isCut ? undefined : chance.fault(point, faults, scaleOf(what, server.store))
    if (fault === 'crash_before') return world.processOf(owner)?.crash(`${what}: before commit`)
    const answer = (delayMs: number, settle: () => void) => void scheduler.schedule(owner, delayMs, settle)
    const happen = (report: (outcome: () => Result) => void): void => {
      const now = () => report(outcomeOf(work))
      if (!waits) return now()
      return server.whenFree(now, () => report(throwing(serverError(STATEMENT_TIMEOUT, 'statement timeout'))))
    }
    const giveAnswer = (delayMs: number) => (outcome: () => Result) => {
      const settle = () => {
        try {
          resolve(outcome())
        } catch (error) {
          reject(error)
        }
      }
      if (delayMs === 0 && scheduler.current === owner) settle()
      else answer(delayMs, settle)
    }
    const lost = () => reject(connectionLost())
    if (isCut) {
      // The statement or its answer was swallowed; the client's own bound ends the wait.
      if (chance.share(point) < 0.3) later(world, latencyMs(world, point), () => happen(() => {}))
      return answer(SILENCE_MS, lost)
    }
    if (fault) world.tell(owner.name, 'database', `${what}: ${fault}`)
    return suffer(fault, { world, point, what, owner, answer, happen, lost, giveAnswer, reject })
  })
}

interface Suffering<Result> {
  readonly world: World
  readonly point: string
  readonly what: string
  readonly owner: Owner
  readonly answer: (delayMs: number, settle: () => void) => void
  readonly happen: (report: (outcome: () => Result) => void) => void
  readonly lost: () => void
  readonly giveAnswer: (delayMs: number) => (outcome: () => Result) => void
  readonly reject: (error: Error) => void
}

function suffer<Result>(
  fault: Exclude<Fault, 'crash_before'> | undefined,
  suffering: Suffering<Result>,
): void {
  const { world, point, what, owner, answer, happen, lost, giveAnswer, reject } = suffering
  const { scheduler, chance, modules } = world
  const wayMs = latencyMs(world, point)
  const backMs = latencyMs(world, point)
  const longMs = 50 + chance.share(point) * 3_000
  const crash = (when: string) => world.processOf(owner)?.crash(`${what}: ${when}`)
  // What its process left behind when it died arrives, or not.
  const arrive = (delayMs: number) =>
    void later(world, delayMs, () => {
      if (owner.isAlive || chance.share(point) < 0.5) happen(giveAnswer(backMs))
    })
  switch (fault) {
    case undefined:
      // A look is one event: nothing is lost when it comes a moment later.
      return looks.has(what)
        ? void scheduler.schedule(owner, wayMs + backMs, () => happen(giveAnswer(0)))
        : arrive(wayMs)
    case 'slow':
      return arrive(longMs)
    case 'answer_slow':
      return void later(world, wayMs, () => happen(giveAnswer(longMs)))
    case 'commit_answer_lost':
      world.count('commit_answers_lost')
      return void later(world, wayMs, () => happen(() => answer(backMs, lost)))
    case 'connection_lost_before':
      return answer(wayMs, lost)
    case 'connection_lost_commits_later':
      world.count('commit_answers_lost')
      later(world, longMs, () => happen(() => {}))
      return answer(wayMs, lost)
    case 'not_connected':
      return answer(wayMs, () => reject(new modules.ConnectFailure('simulated', new Error('ECONNREFUSED'))))
    case 'refused_for_now':
      return answer(wayMs + backMs, () => reject(serverError(STATEMENT_TIMEOUT, 'statement timeout')))
    case 'crash_in_flight':
      later(world, longMs, () => happen(() => {}))
      return crash('in flight')
    case 'crash_after':
      return void later(world, wayMs, () => happen(() => crash('after commit')))
    case 'stall_after':
      return void later(world, wayMs, () =>
        happen((outcome) => {
          stall(world, owner, 500 + chance.share(point) * 8_500)
          giveAnswer(backMs)(outcome)
        }),
      )
  }
}

function connectionLost(): Error {
  return Object.assign(new Error('connection lost'), { code: 'ECONNRESET' })
}

function outcomeOf<Result>(act: () => Result): () => Result {
  try {
    const result = act()
    return () => result
  } catch (error) {
    return throwing(error)
  }
}

const throwing = (error: unknown) => (): never => {
  throw error
}
