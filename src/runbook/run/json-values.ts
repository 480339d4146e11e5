import { compile, type JSONValue } from 'json-p3'
import { canonicalJson } from '../program/digest.ts'
import type { CommandResult } from './machine-state.ts'

const VALUE_BYTES_MAX = 32 * 1024

export type Captured =
  | { readonly kind: 'captured'; readonly values: Readonly<Record<string, string>> }
  | { readonly kind: 'missing'; readonly why: string }

function parse(result: CommandResult): { readonly json: JSONValue } | { readonly why: string } {
  if (result.isCut)
    return { why: `standard output is too long to be read as JSON: ${result.stdout.bytes} bytes` }
  try {
    return { json: JSON.parse(result.text) as JSONValue }
  } catch {
    return { why: `standard output is no JSON: ${JSON.stringify(result.text.trim().slice(0, 80))}` }
  }
}

/** The values that JSONPaths name in a command's output; each path must name exactly one plain value. */
export function capture(paths: ReadonlyMap<string, string>, result: CommandResult): Captured {
  if (paths.size === 0) return { kind: 'captured', values: {} }
  const parsed = parse(result)
  if ('why' in parsed) return { kind: 'missing', why: parsed.why }
  const values: Record<string, string> = {}
  for (const [name, path] of paths) {
    const found: unknown[] = compile(path).query(parsed.json).values()
    const [value] = found
    if (found.length !== 1 || !isPlain(value))
      return { kind: 'missing', why: `${path} names no single plain value for ${name} in standard output` }
    const text = String(value)
    if (text.length > VALUE_BYTES_MAX || text.includes('\0'))
      return { kind: 'missing', why: `the value of ${name} cannot be an environment variable` }
    values[name] = text
  }
  return { kind: 'captured', values }
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

/** Why a command's output is no JSON; null when it is. */
export function unreadable(result: CommandResult): string | null {
  const parsed = parse(result)
  return 'why' in parsed ? parsed.why : null
}

/** What differs from the expected values; null when nothing does. */
export function mismatch(expected: ReadonlyMap<string, unknown>, result: CommandResult): string | null {
  if (expected.size === 0) return null
  const parsed = parse(result)
  if ('why' in parsed) return parsed.why
  for (const [path, value] of expected) {
    const found: unknown[] = compile(path).query(parsed.json).values()
    if (found.length !== 1 || canonicalJson(found[0]) !== canonicalJson(value))
      return `${path} is ${found.length === 0 ? 'absent' : found.map((one) => canonicalJson(one)).join(', ')}, not ${canonicalJson(value)}`
  }
  return null
}
