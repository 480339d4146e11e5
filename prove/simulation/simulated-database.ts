// The server as a process sees it: every statement travels there, happens or not, and its answer comes back or not.
import type { Database, Parameter, Runner } from '../../src/db/database.ts'
import { trip } from './round-trip.ts'
import { connectAlone, type Server, type Transaction } from './server.ts'
import { serverError } from './store/parameters.ts'
import { later, START_MS, type World } from './world.ts'

/** A commit that is on its way while its client is gone. */
const ORPHAN_KEPT_MS = 3_200

/** `link`: the name of the way from the process to this server. A reliable one meets no faults. */
export function connectDatabase(server: Server, link: string, isReliable = false): Database {
  const { world, store } = server
  const act = (name: string, parameters: readonly Parameter[]) => () => {
    const rows = store.run(name, parameters, START_MS + world.scheduler.nowMs)
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
