import { readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** One SQL statement from a file of its own; `Row` is the shape of what it returns. */
export interface Statement<Row> {
  /** Name of the prepared statement: folder and file. */
  readonly name: string
  readonly text: string
  /** Never set: carries the row type. */
  readonly row?: Row
}

/** Loads the statement that stands beside its module: `statement<Row>(import.meta.url, './accept.sql')`. */
export function statement<Row>(moduleUrl: string, file: string): Statement<Row> {
  const path = fileURLToPath(new URL(file, moduleUrl))
  return { name: `${basename(dirname(path))}/${basename(path, '.sql')}`, text: readFileSync(path, 'utf8') }
}
