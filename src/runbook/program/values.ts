import { compile } from 'json-p3'
import type { OnFail } from './block.ts'
import { durationMs } from './duration.ts'

/** A value read, or what a right one looks like. */
export type Read<T> = { readonly value: T } | { readonly wanted: string }

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const VARIABLE = /^[A-Z][A-Z0-9_]*$/
/** What the shell and the runner itself rely on; a captured value must not replace it. */
const RESERVED = /^(?:PATH|HOME|IFS|ENV|SHELL|LD_.*|DYLD_.*|NODE_OPTIONS|BASH_ENV|BATON_RUNBOOK_.*)$/

/** Whether a variable of this name may be given to commands. */
export function isFreeVariable(name: string): boolean {
  return VARIABLE.test(name) && !RESERVED.test(name)
}

export function readId(raw: unknown): Read<string> {
  return typeof raw === 'string' && ID.test(raw)
    ? { value: raw }
    : { wanted: 'a name of letters, digits, dots, dashes and underscores, at most 64' }
}

/** `a`, `a,b` or `["a","b"]`. */
export function readIds(raw: unknown): Read<string[]> {
  const parts: unknown[] = Array.isArray(raw) ? raw : typeof raw === 'string' ? raw.split(/[\s,]+/) : [raw]
  const ids = parts.filter((part): part is string => typeof part === 'string' && ID.test(part))
  return ids.length === parts.length && ids.length === new Set(ids).size
    ? { value: ids }
    : { wanted: 'one name or several different ones, as a,b' }
}

export function readDuration(raw: unknown): Read<number> {
  const ms = typeof raw === 'string' ? durationMs(raw) : null
  return ms === null ? { wanted: 'a duration such as 500ms, 60s, 5m or 1h30m, at most 30d' } : { value: ms }
}

export function readFlag(raw: unknown): Read<boolean> {
  if (raw === true || raw === 'true') return { value: true }
  return raw === false || raw === 'false' ? { value: false } : { wanted: 'true or false' }
}

export function readCount(raw: unknown): Read<number> {
  const count = typeof raw === 'string' ? Number(raw) : raw
  return typeof count === 'number' && Number.isInteger(count) && count >= 1 && count <= 20
    ? { value: count }
    : { wanted: 'a whole number from 1 to 20' }
}

export function readCodes(raw: unknown): Read<number[]> {
  const parts: unknown[] = Array.isArray(raw) ? raw : typeof raw === 'string' ? raw.split(',') : [raw]
  const codes = parts.map((part) => (typeof part === 'string' && part.trim() !== '' ? Number(part) : part))
  return codes.every(
    (code): code is number => typeof code === 'number' && Number.isInteger(code) && code >= 0 && code <= 255,
  )
    ? { value: codes }
    : { wanted: 'an exit code from 0 to 255, or several as 0,3' }
}

export function readOnFail(raw: unknown): Read<OnFail> {
  return raw === 'stop' || raw === 'rollback' ? { value: raw } : { wanted: 'stop or rollback' }
}

export function readRehearse(raw: unknown): Read<boolean> {
  if (raw === 'run') return { value: true }
  return raw === 'skip' ? { value: false } : { wanted: 'run or skip' }
}

/** `{"$.path": value}`. */
export function readValues(raw: unknown): Read<Map<string, unknown>> {
  const wanted = 'an object of JSONPath and value, as {"$.mode":"SHADOW"}'
  const object = objectOf(raw)
  if (object === null) return { wanted }
  const entries = Object.entries(object)
  return entries.length > 0 && entries.every(([path]) => isPath(path))
    ? { value: new Map(entries) }
    : { wanted }
}

/** `{"VARIABLE": "$.path"}`. */
export function readPaths(raw: unknown): Read<Map<string, string>> {
  const wanted = 'an object of VARIABLE and JSONPath, as {"EPOCH":"$.epoch"}; PATH and the like are reserved'
  const object = objectOf(raw)
  if (object === null) return { wanted }
  const entries = Object.entries(object)
  const isRight = ([name, path]: [string, unknown]): boolean =>
    isFreeVariable(name) && typeof path === 'string' && isPath(path)
  return entries.length > 0 && entries.every((entry) => isRight(entry))
    ? { value: new Map(entries as [string, string][]) }
    : { wanted }
}

/** An object, or one written as a text, as the form without JSON needs it. */
function objectOf(raw: unknown): object | null {
  let value = raw
  if (typeof raw === 'string') {
    try {
      value = JSON.parse(raw)
    } catch {
      return null
    }
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
}

function isPath(text: string): boolean {
  try {
    compile(text)
    return true
  } catch {
    return false
  }
}
