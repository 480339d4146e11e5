// The server as a process sees it: every statement travels there, happens or not, and its answer comes back or not.
import { EventEmitter } from 'node:events'
import type { Database, Parameter, Runner } from '../../src/db/database.ts'
import type { Owner } from './scheduler.ts'
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

/** A look with nothing to find is seldom disturbed. */
function scaleOf(what: string, { tables }: Store): number {
  if (!looks.has(what)) return 1
  const state = finds[what]
  return state && tables.authority.all().some((row) => row.state === state) ? 1 : LOOK_SCALE
}

const finds: Readonly<Record<string, string>> = {
  'authority/dispatch': 'claimed',
  'authority/flag-go': 'dispatched',
  'authority/flag-legacy': 'dispatched',
  'authority/begin-checks': 'in_doubt',
}

const SILENCE_MS = 6_000
/** A commit that is on its way while its client is gone. */
const ORPHAN_KEPT_MS = 3_200
const STATEMENT_TIMEOUT_MS = 5_000
const STATEMENT_TIMEOUT = '57014'

/** One server for all: a transaction of several statements runs alone, as its row locks would have it here. */
export interface Server {
  readonly world: World
  readonly store: Store
  /** Runs `work` when no transaction is open; `refuse` when it has waited for too long. */
  whenFree(work: () => void, refuse: () => void): void
  open(transaction: Transaction): void
  end(transaction: Transaction, how: 'commit' | 'rollback'): void
  /** Rolls back what this process has left open. */
  disconnect(owner: Owner): void
}

interface Transaction {
  readonly owner: Owner
  isOver: boolean
}

export function createServer(world: World): Server {
  const { store } = world
  const waiting: (() => void)[] = []
  let opened: Transaction | undefined

  function end(transaction: Transaction, how: 'commit' | 'rollback'): void {
    if (opened !== transaction) return
    transaction.isOver = true
    opened = undefined
    if (how === 'commit') store.commit()
    else store.rollback()
    while (!opened && waiting.length > 0) waiting.shift()?.()
  }

  return {
    world,
    store,
    whenFree(work, refuse) {
      if (!opened) return work()
      let isRefused = false
      const timer = later(world, STATEMENT_TIMEOUT_MS, () => {
        isRefused = true
        refuse()
      })
      waiting.push(() => {
        if (isRefused) return
        timer.cancel()
        work()
      })
    },
    open(transaction) {
      opened = transaction
      store.begin()
    },
    end,
    disconnect(owner) {
      if (opened?.owner === owner) end(opened, 'rollback')
    },
  }
}

/** `link`: the name of the way from the process to this server. */
export function connectDatabase(server: Server, link: string, isReliable = false): Database {
  const { world } = server
  const { scheduler, chance, modules } = world
  const { store } = server

  /** One round trip. `act` happens at the server, at most once. */
  function trip<Result>(
    what: string,
    act: () => Result,
    lock?: (work: () => void, refuse: () => void) => void,
  ): Promise<Result> {
    const owner = scheduler.current
    const point = `${owner.name} ${what}`
    return new Promise((resolve, reject) => {
      if (!owner.isAlive) return undefined
      const isCut = world.cut.has(link)
      const fault = isReliable || isCut ? undefined : chance.fault(point, faults, scaleOf(what, store))
      if (fault === 'crash_before') return world.processOf(owner)?.crash(`${what}: before commit`)
      const answer = (delayMs: number, settle: () => void) => void scheduler.schedule(owner, delayMs, settle)
      const happen = (report: (outcome: () => Result) => void) => {
        const refuse = () => report(throwing(serverError(STATEMENT_TIMEOUT, 'statement timeout')))
        const work = () => report(outcomeOf(act))
        if (lock) lock(work, refuse)
        else work()
      }
      const lost = () => reject(connectionLost())
      const giveAnswer = (delayMs: number) => (outcome: () => Result) => {
        const settle = () => {
          try {
            resolve(outcome())
          } catch (error) {
            reject(error as Error)
          }
        }
        if (delayMs === 0 && scheduler.current === owner) settle()
        else answer(delayMs, settle)
      }
      if (isCut) {
        // The statement or its answer was swallowed; the client's own bound ends the wait.
        if (chance.share(point) < 0.3) later(world, latencyMs(world, point), () => happen(() => {}))
        return answer(SILENCE_MS, lost)
      }
      const wayMs = latencyMs(world, point)
      suffer(fault, { point, what, owner, wayMs, answer, happen, lost, giveAnswer, reject })
    })
  }

  interface Suffering<Result> {
    readonly point: string
    readonly what: string
    readonly owner: Owner
    readonly wayMs: number
    readonly answer: (delayMs: number, settle: () => void) => void
    readonly happen: (report: (outcome: () => Result) => void) => void
    readonly lost: () => void
    readonly giveAnswer: (delayMs: number) => (outcome: () => Result) => void
    readonly reject: (error: Error) => void
  }

  function suffer<Result>(fault: Fault | undefined, suffering: Suffering<Result>): void {
    const { point, what, owner, wayMs, answer, happen, lost, giveAnswer, reject } = suffering
    const backMs = latencyMs(world, point)
    const longMs = 50 + chance.share(point) * 3_000
    const crash = (when: string) => world.processOf(owner)?.crash(`${what}: ${when}`)
    if (fault) world.tell(owner.name, 'database', `${what}: ${fault}`)
    switch (fault) {
      case undefined:
        // A look is one event: nothing is lost when it comes a moment later.
        return looks.has(what)
          ? void scheduler.schedule(owner, wayMs + backMs, () => happen(giveAnswer(0)))
          : void later(world, wayMs, () =>
              happenUnlessOrphaned(owner, point, () => happen(giveAnswer(backMs))),
            )
      case 'slow':
        return void later(world, longMs, () =>
          happenUnlessOrphaned(owner, point, () => happen(giveAnswer(backMs))),
        )
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
      case 'crash_before':
        return undefined
    }
  }

  /** What its process left behind when it died has arrived, or not. */
  function happenUnlessOrphaned(owner: Owner, point: string, act: () => void): void {
    if (owner.isAlive || chance.share(point) < 0.5) act()
  }

  const act = (name: string, parameters: readonly Parameter[]) => () => {
    const rows = store.run(name, parameters, scheduler.nowMs)
    if (rows.length > 0 && name.startsWith('authority/'))
      world.tell('database', 'database', `${name}: ${rows.length} rows`)
    witness(world, name, parameters, rows)
    return rows
  }

  return {
    run: (statement, parameters = []) =>
      trip(statement.name, act(statement.name, parameters), (work, refuse) =>
        server.whenFree(work, refuse),
      ) as never,
    async transaction(work) {
      const transaction: Transaction = { owner: scheduler.current, isOver: false }
      const within =
        <Result>(inner: () => Result) =>
        (): Result => {
          if (transaction.isOver) throw serverError('25P02', 'the transaction is over')
          return inner()
        }
      const runner: Runner = {
        run: (statement, parameters = []) =>
          trip(statement.name, within(act(statement.name, parameters))) as never,
      }
      // Whatever becomes of the connection, the server does not keep its transaction for long.
      let keptMs = 0
      try {
        await trip(
          'begin',
          within(() => {
            if (transaction.owner.isAlive) server.open(transaction)
            else transaction.isOver = true
          }),
          (begin, refuse) => server.whenFree(begin, refuse),
        )
        const result = await work(runner)
        keptMs = ORPHAN_KEPT_MS
        await trip(
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
    },
    connect: () => connectAlone(server),
    close: async () => {},
  } as Database
}

/** The connection that holds a gateway's advisory lock. */
async function connectAlone({ world, store }: Server): Promise<never> {
  const client = new EventEmitter()
  const process = world.processOf(world.scheduler.current)
  const { owner } = process ?? {}
  const held = new Set<number>()
  const free = () => held.forEach((lock) => store.tables.locks.delete(lock))
  const presence = {
    on: (event: string, listener: () => void) => client.on(event, listener),
    query: async (_text: string, [, lock]: readonly [number, number]) => {
      held.add(lock)
      store.tables.locks.add(lock)
    },
    async end() {
      free()
    },
  }
  if (process && owner) connections.set(owner, { free, drop: () => client.emit('end') })
  return presence as never
}

const connections = new WeakMap<Owner, { free(): void; drop(): void }>()

/** The server has lost sight of this process: its lock is free. One that lives is told. */
export function loseConnection(owner: Owner): void {
  const connection = connections.get(owner)
  connection?.free()
  if (owner.isAlive) connection?.drop()
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
  const other = name === 'authority/accept' ? 'legacy' : 'go'
  for (const uuid of uuids) {
    const row = store.tables.authority.get(uuid)
    if (row?.holder === other) count(name === 'authority/accept' ? 'late_accepts' : 'lost_races')
  }
}
