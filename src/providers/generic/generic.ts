import { httpProvider, type HttpOptions, type HttpVendor, type VendorCall } from '../http-provider.ts'
import type { AnswerReading, AnswerRules } from '../judge-answer.ts'
import type { Blame, OutgoingMessage, SmsProvider } from '../provider.ts'
import type { ReceiptSource } from '../receipt.ts'
import { jsonPath, type JsonPath } from './json-path.ts'
import { genericReceipts, type GenericReceipts } from './receipts.ts'
import { fill, fillJson, unknownPlaceholders, valuesOf, type JsonTemplate } from './template.ts'

/**
 * An HTTP vendor described by data. Texts may hold `{{message_uuid}}`, `{{recipient}}`, `{{recipient_digits}}`,
 * `{{sender}}`, `{{body}}` and `{{receipt_url}}`; paths are JSONPath (RFC 9535). Whatever the description does
 * not name as success or refusal proves nothing.
 */
export interface GenericOptions extends HttpOptions {
  readonly name: string
  readonly origin: string
  readonly request: {
    readonly method: 'GET' | 'POST' | 'PUT'
    readonly path: string
    readonly query?: Readonly<Record<string, string>>
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: { readonly json: JsonTemplate } | { readonly form: Readonly<Record<string, string>> }
  }
  readonly success: {
    readonly statuses: readonly number[]
    readonly idPath: string
    /** For vendors that answer 200 whatever happened. */
    readonly when?: Condition
  }
  readonly refusals: readonly {
    readonly status: number
    /** A 429 may be believed without one; anything else should have it. */
    readonly when?: Condition
    readonly blames: Blame
  }[]
  readonly protection:
    | { readonly kind: 'none' | 'callbackCorrelates' }
    /** The vendor dedupes on a header or field that the templates fill with `{{message_uuid}}`. */
    | { readonly kind: 'dedupe'; readonly key: string; readonly windowMs: number }
  readonly receiptUrl?: string
  readonly receipts?: GenericReceipts
}

/** The value at `path` as text is one of `equals`. */
interface Condition {
  readonly path: string
  readonly equals: readonly string[]
}

/** Throws when a template names an unknown placeholder or a path is none. */
export function generic(options: GenericOptions): SmsProvider {
  const { name, origin, request, receiptUrl } = options
  const unknown = unknownPlaceholders(JSON.parse(JSON.stringify(request)) as JsonTemplate)
  if (unknown.length > 0)
    throw new Error(`${name}: the request names unknown placeholders: ${unknown.join(', ')}`)
  const vendor: HttpVendor = {
    name,
    origin,
    protection: options.protection,
    answers: rulesOf(options),
    receipts: receiptSource(options),
    compose: (message) => compose(request, message, receiptUrl),
  }
  return httpProvider(vendor, options)
}

function compose(
  { method, path, query = {}, headers = {}, body }: GenericOptions['request'],
  message: OutgoingMessage,
  receiptUrl: string | undefined,
): VendorCall {
  const values = valuesOf(message, receiptUrl)
  const filled = (record: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(record).map(([name, text]) => [name, fill(text, values)]))
  const search = new URLSearchParams(filled(query)).toString()
  const call = {
    method,
    path: `${fill(path, values, encodeURIComponent)}${search === '' ? '' : `?${search}`}`,
  }
  if (!body) return { ...call, headers: filled(headers) }
  if ('json' in body) {
    return { ...call, body: JSON.stringify(fillJson(body.json, values)), headers: filled(headers) }
  }
  return {
    ...call,
    body: new URLSearchParams(filled(body.form)).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...filled(headers) },
  }
}

function rulesOf({ success, refusals }: GenericOptions): AnswerRules {
  const idPath = jsonPath(success.idPath)
  const holds = conditionOf(success.when)
  const rules = refusals.map((rule, index) => ({
    ...rule,
    code: `rule ${index}`,
    holds: conditionOf(rule.when),
  }))
  const table: Record<number, Record<string, Blame>> = {}
  for (const { status, when, blames, code } of rules) {
    table[status] = { ...table[status], [when ? code : 'any body']: blames }
  }
  return {
    refusals: table,
    read(status, json): AnswerReading {
      const id = success.statuses.includes(status) && holds(json) ? idPath(json) : undefined
      const rule = rules.find((rule) => rule.status === status && rule.when && rule.holds(json))
      // Both at once is a contradiction, and a contradiction proves nothing.
      if (id !== undefined && id !== '') return rule ? null : { acceptedAs: id }
      return rule ? { refusedWith: [rule.code] } : null
    },
  }
}

function conditionOf(condition: Condition | undefined): (json: unknown) => boolean {
  if (!condition) return () => true
  const path: JsonPath = jsonPath(condition.path)
  return (json) => condition.equals.includes(path(json) ?? '')
}

function receiptSource({ receipts }: GenericOptions): ReceiptSource {
  if (!receipts) return { kind: 'none', why: 'the description names no receipts' }
  return { kind: 'webhook', read: genericReceipts(receipts) }
}
