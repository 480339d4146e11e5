// What a program wrote, for the eyes of a person: one line each, never a body or a whole number.
import { maskNumbers } from '../process/mask-numbers.ts'

export type Level = 'debug' | 'info' | 'warn' | 'error' | 'fatal'

export interface LogLine {
  readonly time: string | undefined
  /** Undefined for a line that is no log entry. */
  readonly level: Level | undefined
  readonly text: string
}

const LINE_LENGTH_MAX = 1_000
const VALUE_LENGTH_MAX = 300
const numericLevels: Readonly<Record<number, Level>> = {
  10: 'debug',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
}
const levels: readonly unknown[] = ['debug', 'info', 'warn', 'error', 'fatal'] satisfies Level[]
const shownElsewhere = new Set(['level', 'time', 'msg', 'pid', 'hostname', 'name', 'err'])
/** Said of a person or written to one. The programs leave them out; a line that has them is cleaned here. */
const confidential = new Set(['body', 'to', 'recipient', 'recipients', 'sender', 'authorization', 'password'])

/** Reads a line of a program's output. */
export function readLogLine(line: string): LogLine {
  const entry = parseEntry(line)
  if (!entry) return { time: undefined, level: undefined, text: shorten(maskNumbers(line), LINE_LENGTH_MAX) }
  const fields = Object.entries(entry)
    .filter(([name]) => !shownElsewhere.has(name))
    .map(([name, value]) => `${name}=${confidential.has(name) ? '[hidden]' : render(value)}`)
  const error = 'err' in entry ? [renderError(entry['err'])] : []
  const text = [textOf(entry['msg']), ...fields, ...error].join(' ').trim()
  return {
    time: timeOf(entry['time']),
    level: levelOf(entry['level']),
    text: shorten(maskNumbers(text.replaceAll(/\s*\n\s*/g, ' | ')), LINE_LENGTH_MAX),
  }
}

function parseEntry(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(line)
    const isEntry = typeof value === 'object' && value !== null && 'level' in value && 'msg' in value
    return isEntry ? { ...value } : undefined
  } catch {
    return undefined
  }
}

function levelOf(level: unknown): Level {
  if (typeof level === 'number') return numericLevels[level] ?? 'info'
  return levels.includes(level) ? (level as Level) : 'info'
}

function timeOf(time: unknown): string | undefined {
  if (typeof time !== 'string' && typeof time !== 'number') return undefined
  const date = new Date(time)
  if (Number.isNaN(date.getTime())) return undefined
  const two = (value: number): string => String(value).padStart(2, '0')
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  return `${clock}.${String(date.getMilliseconds()).padStart(3, '0')}`
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

function render(value: unknown): string {
  if (typeof value === 'string') return shorten(/[\s"=]/.test(value) ? JSON.stringify(value) : value)
  const text = JSON.stringify(value, (name, inner: unknown) => (confidential.has(name) ? '[hidden]' : inner))
  return shorten(text ?? 'undefined')
}

/** Its message, those of its causes, and where it was thrown; the rest of the stack is no reading matter. */
function renderError(error: unknown): string {
  if (typeof error !== 'object' || error === null) return `error=${render(error)}`
  const { message, code, cause, stack } = error as Record<string, unknown>
  const place = /\((?:file:\/\/)?(?:[^()]*\/)?((?:src|bin)\/[^()]+:\d+):\d+\)/.exec(textOf(stack))?.[1]
  return [
    `error=${render(message ?? 'unknown')}`,
    ...(code === undefined ? [] : [`code=${render(code)}`]),
    ...(place === undefined ? [] : [`at=${place}`]),
    ...(cause === undefined ? [] : [`because: ${renderError(cause)}`]),
  ].join(' ')
}

function shorten(text: string, lengthMax = VALUE_LENGTH_MAX): string {
  return text.length > lengthMax ? `${text.slice(0, lengthMax)}…` : text
}
