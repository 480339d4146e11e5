import type { Parameters } from './parameters.ts'
import type { Tables } from './tables.ts'

/** One statement over the tables: atomic, and taken back whole when it throws. Returns what it returns. */
export type InMemory = (tables: Tables, parameters: Parameters, now: number) => readonly unknown[]

/** By the name of the prepared statement: folder and SQL file. */
export type Statements = Readonly<Record<string, InMemory>>
