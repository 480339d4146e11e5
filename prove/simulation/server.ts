// The database server: it does not die; what its clients have begun and left, it takes back.
import { EventEmitter } from 'node:events'
import type { Owner } from './scheduler.ts'
import type { Store } from './store/store.ts'
import { later, type World } from './world.ts'

const STATEMENT_TIMEOUT_MS = 5_000

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

export interface Transaction {
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

/** The connection that holds a gateway's advisory lock. */
export async function connectAlone({ world, store }: Server): Promise<never> {
  const client = new EventEmitter()
  const process = world.processOf(world.scheduler.current)
  const { owner } = process ?? {}
  const held = new Set<number>()
  const free = () => held.forEach((lock) => store.tables.locks.delete(lock))
  const presence = {
    on: (event: string, listener: () => void) => client.on(event, listener),
    // To listen for changes of the mode takes no lock; nothing is announced here.
    query: async (_text: string, [, lock]: readonly (number | undefined)[] = []) => {
      if (lock === undefined) return
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
