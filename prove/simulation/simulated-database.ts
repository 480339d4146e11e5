// The server as a process sees it: every statement travels there, happens or not, and its answer comes back or not.
import type { Database, Parameter, Runner } from '../../src/db/database.ts'
import type { Owner } from './scheduler.ts'
import { connectAlone, type Server, type Transaction } from './server.ts'
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
}

/** A look with nothing to find is seldom disturbed. */
function scaleOf(what: string, { tables }: Store): number {
  if (!looks.has(what)) return 1
  const state = finds[what]
  return state && tables.authority.all().some((row) => row.state === state) ? 1 : LOOK_SCALE
}

const SILENCE_MS = 6_000
/** A commit that is on its way while its client is gone. */
const ORPHAN_KEPT_MS = 3_200
const STATEMENT_TIMEOUT = '57014'

/** `link`: the name of the way from the process to this server. A reliable one meets no faults. */
export function connectDatabase(server: Server, link: string, isReliable = false): Database {
  const { world, store } = server
  const act = (name: string, parameters: readonly Parameter[]) => () => {
    const rows = store.run(name, parameters, world.scheduler.nowMs)
    if (rows.length > 0 && name.startsWith('authority/')) {
      world.tell('database', 'database', `${name}: ${rows.length} rows`)
    }
    witness(world, name, parameters, rows)
    return rows
  }
  const travel = <Result>(what: string, work: () => Result, waits = false): Promise<Result> =>
    trip({ server, link, isReliable, what, work, waits })

  return {
    run: <Row>({ name }: { readonly name: string }, parameters: readonly Parameter[] = []) =>
      travel(name, act(name, parameters), true) as Promise<Row[]>,
    transaction: (work) => runTransaction(server, travel, act, work),
    connect: () => connectAlone(server),
    close: async () => {},
  }
}

type Travel = <Result>(what: string, work: () => Result, waits?: boolean) => Promise<Result>

async function runTransaction<Result>(
  server: Server,
  travel: Travel,
  act: (name: string, parameters: readonly Parameter[]) => () => unknown[],
  work: (runner: Runner) => Promise<Result>,
): Promise<Result> {
  const { world } = server
  const transaction: Transaction = { owner: world.scheduler.current, isOver: false }
  const within =
    <Inner>(inner: () => Inner) =>
    (): Inner => {
      if (transaction.isOver) throw serverError('25P02', 'the transaction is over')
      return inner()
    }
  const open = within(() => {
    if (transaction.owner.isAlive) server.open(transaction)
    else transaction.isOver = true
  })
  const runner: Runner = {
    run: <Row>({ name }: { readonly name: string }, parameters: readonly Parameter[] = []) =>
      travel(name, within(act(name, parameters))) as Promise<Row[]>,
  }
  // Whatever becomes of the connection, the server does not keep its transaction for long.
  let keptMs = 0
  try {
    await travel('begin', open, true)
    const result = await work(runner)
    keptMs = ORPHAN_KEPT_MS
    await travel(
      'commit',
      within(() => server.end(transaction, 'commit')),
    )
    return result
  } catch (error) {
    later(world, keptMs, () => {
      server.end(transaction, 'rollback')
      transaction.isOver = true
    })
    throw error
  }
}

interface Trip<Result> {
  readonly server: Server
  readonly link: string
  readonly isReliable: boolean
  readonly what: string
  /** Happens at the server, at most once. */
  readonly work: () => Result
  /** Whether it waits for an open transaction to end. */
  readonly waits: boolean
}

/** One round trip. */
function trip<Result>({ server, link, isReliable, what, work, waits }: Trip<Result>): Promise<Result> {
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

function witness(
  { count, store }: World,
  name: string,
  parameters: readonly Parameter[],
  rows: readonly unknown[],
): void {
  if (name !== 'authority/claim-legacy' && name !== 'authority/accept') return
  const uuids = parameters[0] as readonly string[]
  if (rows.length === uuids.length) return
  const isAccept = name === 'authority/accept'
  for (const uuid of uuids) {
    const row = store.tables.authority.get(uuid)
    if (row?.holder === (isAccept ? 'legacy' : 'go')) count(isAccept ? 'late_accepts' : 'lost_races')
  }
}
