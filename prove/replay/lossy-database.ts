import type { Database } from '../../src/db/database.ts'

export interface LossyDatabase {
  readonly database: Database
  /** The next statement of this name runs and commits, and its answer is lost. */
  loseAnswerTo(name: string): void
}

/** A database whose answers can be lost, as by a connection that breaks after the commit. */
export function lossyDatabase(real: Database): LossyDatabase {
  let losing: string | null = null
  return {
    loseAnswerTo(name) {
      losing = name
    },
    database: {
      ...real,
      async run(statement, parameters) {
        const rows = await real.run(statement, parameters)
        if (statement.name !== losing) return rows
        losing = null
        throw new Error(`${statement.name}: the connection was lost after the commit`)
      },
    },
  }
}
