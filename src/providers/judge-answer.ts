import type { Exchange } from '../http/exchange.ts'
import { isJson, parseJson } from './json-body.ts'
import type { Blame, SendResult } from './provider.ts'

/**
 * Which answers prove that nothing was sent: HTTP status, then the vendor's code (`*`: any other code in the
 * vendor's own envelope; `any body`: the status alone proves it). What stands here is documented by the vendor
 * as a refusal before sending; whatever is absent is unknown, and `unknown` takes a code out of a `*`.
 */
export type RefusalTable = Readonly<Record<number, Readonly<Record<string, Blame | 'unknown'>>>>

/** What a vendor's JSON says; null: it is not in the vendor's envelope. */
export type AnswerReading =
  | { readonly acceptedAs: string }
  /** Several where the vendor answers for each part of one text. */
  | { readonly refusedWith: readonly string[] }
  | null

export interface AnswerRules {
  readonly refusals: RefusalTable
  readonly read: (status: number, json: unknown) => AnswerReading
}

/** Pause after a refused pace when the vendor names none. */
const PACE_MS = 1_000
const PACE_MAX_MS = 3_600_000

/** Turns an exchange into what it proves. `nowMs` only serves a Retry-After that is a date. */
export function judgeAnswer({ refusals, read }: AnswerRules, exchange: Exchange, nowMs: number): SendResult {
  if (exchange.kind === 'not_sent') return { kind: 'not_sent', reason: `no connection: ${exchange.cause}` }
  if (exchange.kind === 'ambiguous') return { kind: 'unknown', reason: `no whole answer: ${exchange.cause}` }
  const { status, headers, text } = exchange
  const json = isJson(headers['content-type']) ? parseJson(text) : undefined
  const reading = json === undefined ? null : read(status, json)
  if (reading && 'acceptedAs' in reading) {
    return { kind: 'accepted', providerMessageId: reading.acceptedAs }
  }
  const codes = reading?.refusedWith ?? []
  const blame = blameOf(refusals[status] ?? {}, codes)
  const reason = [`HTTP ${status}`, ...codes.map((code) => `code ${printable(code)}`)].join(', ')
  if (blame === 'unknown') return { kind: 'unknown', reason: `${reason}: proves nothing` }
  const [code] = codes
  return {
    kind: 'refused',
    reason,
    blames: blame,
    ...(code === undefined ? {} : { code: printable(code) }),
    ...(blame === 'pace' ? { retryAfterMs: retryAfterMs(headers['retry-after'], nowMs) } : {}),
  }
}

/** One part that may have gone spoils the proof for all; a pace is blamed only when every part was refused so. */
function blameOf(
  row: Readonly<Record<string, Blame | 'unknown'>>,
  codes: readonly string[],
): Blame | 'unknown' {
  const alone = row['any body'] ?? 'unknown'
  if (codes.length === 0) return alone
  const blames = codes.map((code) => ownEntry(row, code) ?? row['*'] ?? alone)
  if (blames.includes('unknown')) return 'unknown'
  return blames.find((blame) => blame !== 'pace') ?? 'pace'
}

/** A code named like something of Object.prototype is no entry. */
function ownEntry<Value>(row: Readonly<Record<string, Value>>, code: string): Value | undefined {
  return Object.hasOwn(row, code) ? row[code] : undefined
}

/** Codes are the vendor's; what does not look like one may hold a number or a text, so it is not repeated. */
function printable(code: string): string {
  return /^(?!\+?\d{7,}$)[\w.:-]{1,64}$/.test(code) ? code : '(not shown)'
}

function retryAfterMs(header: string | string[] | undefined, nowMs: number): number {
  if (typeof header !== 'string') return PACE_MS
  const ms = /^\d+(\.\d+)?$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - nowMs
  return Number.isFinite(ms) ? Math.min(Math.max(Math.ceil(ms), 0), PACE_MAX_MS) : PACE_MS
}
