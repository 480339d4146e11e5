// Tables whose changes can be taken back: a statement that fails, or a transaction that is rolled back, leaves no trace.

/** What takes changes back, the latest last. */
export type Journal = (() => void)[]

export interface Table<Row> {
  get(key: string): Row | undefined
  /** In the order of insertion. */
  all(): Row[]
  readonly size: number
  put(key: string, row: Row): void
  remove(key: string): void
}

export function createTable<Row>(journal: Journal): Table<Row> {
  const rows = new Map<string, Row>()
  const restore = (key: string, old: Row | undefined): void => {
    if (old === undefined) rows.delete(key)
    else rows.set(key, old)
  }
  return {
    get: (key) => rows.get(key),
    all: () => [...rows.values()],
    get size() {
      return rows.size
    },
    put(key, row) {
      const old = rows.get(key)
      journal.push(() => restore(key, old))
      rows.set(key, row)
    },
    remove(key) {
      const old = rows.get(key)
      if (old === undefined) return
      journal.push(() => restore(key, old))
      rows.delete(key)
    },
  }
}

export function takeBack(journal: Journal, mark: number): void {
  while (journal.length > mark) journal.pop()?.()
}
