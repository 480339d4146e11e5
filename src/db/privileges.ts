import type { Runner } from './database.ts'
import { statement } from './statement.ts'

export interface Privilege {
  readonly role: string
  /** A schema, a table or one of its columns. */
  readonly object: string
  readonly privilege: string
}

const granted = statement<Privilege>(import.meta.url, './privileges.sql')

/** The privilege matrix as the server has it, one line a role and object: `role object: privileges`. */
export async function readPrivileges(runner: Runner): Promise<string[]> {
  const rows = await runner.run(granted)
  const byObject = Map.groupBy(rows, ({ role, object }) => `${role} ${object}`)
  return Array.from(byObject, ([key, group]) => `${key}: ${group.map((row) => row.privilege).join(', ')}`)
}
