// The two schemas in memory, statement by statement, as PostgreSQL runs them: `store.test.ts` holds it to that.
import type { Parameters } from './parameters.ts'
import { claimStatements } from './claim-statements.ts'
import { dispatchStatements } from './dispatch-statements.ts'
import { entryStatements } from './entry-statements.ts'
import { handOverStatements } from './hand-over-statements.ts'
import { modeStatements } from './mode-statements.ts'
import { outcomeStatements } from './outcome-statements.ts'
import { recordStatements } from './record-statements.ts'
import { serviceStatements } from './service-statements.ts'
import { shadowStatements } from './shadow-statements.ts'
import type { Statements } from './statements.ts'
import { takeBack } from './table.ts'
import { createTables, type Tables } from './tables.ts'
import { workListStatements } from './work-list-statements.ts'

export const statements: Statements = {
  ...claimStatements,
  ...dispatchStatements,
  ...outcomeStatements,
  ...serviceStatements,
  ...entryStatements,
  ...recordStatements,
  ...modeStatements,
  ...handOverStatements,
  ...shadowStatements,
  ...workListStatements,
}

export interface Store {
  readonly tables: Tables
  /** Runs a statement at `now`. One that fails has changed nothing. */
  run(name: string, parameters: Parameters, now: number): unknown[]
  /** From here on `rollback` takes everything back, until `commit`. One at a time. */
  begin(): void
  commit(): void
  rollback(): void
}

export function createStore(): Store {
  const tables = createTables()
  const { journal } = tables
  let isOpen = false
  return {
    tables,
    run(name, parameters, now) {
      const statement = statements[name]
      if (!statement)
        throw new Error(`store: statement ${name} is not known: add it and its case in store.test.ts`)
      const mark = journal.length
      try {
        return [...statement(tables, parameters, now)]
      } catch (error) {
        takeBack(journal, mark)
        throw error
      } finally {
        if (!isOpen) journal.length = 0
      }
    },
    begin() {
      if (isOpen) throw new Error('store: a transaction is open')
      isOpen = true
    },
    commit() {
      isOpen = false
      journal.length = 0
    },
    rollback() {
      takeBack(journal, 0)
      isOpen = false
    },
  }
}
