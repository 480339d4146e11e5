import { readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** One SQL statement from a file of its own; `Row` is the shape of what it returns. */
export interface Statement<Row> {
  /** Name of the prepared statement: module and file, for example `authority/accept`. */
  readonly name: string
  readonly text: string
  /** Never set: carries the row type. */
  readonly row?: Row
}

/** Loads the statement that stands beside its module: `statement<Row>(import.meta.url, './accept.sql')`. */
export function statement<Row>(moduleUrl: string, file: string): Statement<Row> {
  const path = fileURLToPath(new URL(file, moduleUrl))
  const folder = basename(dirname(fileURLToPath(moduleUrl)))
  return { name: `${folder}/${basename(path, '.sql')}`, text: readFileSync(path, 'utf8') }
}
