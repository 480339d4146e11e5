import { request } from 'undici'
import type { ReachedBy } from '../process/env-file.ts'
import type { Reach } from './reach.ts'
import type { Outcome } from './shell.ts'

export interface ApiCall {
  readonly at: 'BATON_GATEWAY_URL' | 'BATON_SANDBOX_URL' | 'BATON_FAULTS_URL' | 'BATON_SERVICE_URL'
  readonly key?: 'BATON_API_KEY' | 'BATON_OPERATOR_KEY'
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 30_000

/** One call, once. The answer is what our own programs say, so its shape is taken as they document it. */
export async function callApi<Value>(reach: Reach, call: ApiCall): Promise<Outcome<Value>> {
  const origin = reach.get(call.at)
  const key = call.key === undefined ? '' : reach.get(call.key)
  if (origin === undefined) return notSet(reach, call.at)
  if (key === undefined) return notSet(reach, call.key ?? call.at)
  if (!URL.canParse(call.path, origin)) {
    return { kind: 'usage', detail: `${call.at}: is not a URL: ${origin}` }
  }
  const url = new URL(call.path, origin)
  try {
    const response = await request(url, {
      method: call.method,
      headers: {
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
        ...call.headers,
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
      signal: AbortSignal.timeout(call.timeoutMs ?? TIMEOUT_MS),
    })
    return readAnswer<Value>(url, response.statusCode, await response.body.text())
  } catch (error) {
    return {
      kind: 'unreachable',
      detail: `cannot reach ${url.href}: ${reasonOf(error)}: is baton up running?`,
    }
  }
}

function notSet(reach: Reach, name: keyof ReachedBy): Outcome<never> {
  const detail = `${name}: is not set, and there is none in ${reach.envFile}: is baton up running?`
  return { kind: 'unreachable', detail }
}

function readAnswer<Value>(url: URL, status: number, text: string): Outcome<Value> {
  const value = parseJson(text)
  if (status >= 200 && status < 300 && value !== undefined) return { kind: 'done', value: value as Value }
  const detail = detailOf(value) ?? `${url.href} answered ${status}: ${text.slice(0, 200)}`
  return { kind: 'refused', detail }
}

/** Of a problem document, or of the messaging service's own envelope. */
function detailOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if ('detail' in value && typeof value.detail === 'string') return value.detail
  if ('error' in value) return messageOf(value.error)
  return undefined
}

function messageOf(error: unknown): string | undefined {
  const hasMessage = typeof error === 'object' && error !== null && 'message' in error
  return hasMessage && typeof error.message === 'string' ? error.message : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ')
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return 'no whole answer in time'
  return error.message || ('code' in error ? String(error.code) : error.name)
}
