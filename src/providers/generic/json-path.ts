import { compile, type JSONValue } from 'json-p3'

/** The first value a path finds, as text; undefined when it finds none, or an object or array. */
export type JsonPath = (json: unknown) => string | undefined

/** Throws for a text that is no JSONPath (RFC 9535). */
export function jsonPath(path: string): JsonPath {
  const query = compile(path)
  return (json) => {
    const value = query.query(json as JSONValue).values()[0]
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : undefined
  }
}
