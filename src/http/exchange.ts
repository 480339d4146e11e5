import { Pool, buildConnector, errors } from 'undici'
import type { AmbiguousCause, NotSentCause } from '../core/evidence.ts'

/**
 * The one HTTP client of the send path: one attempt, no redirect, one deadline from the call to the last byte
 * of the answer. What it cannot prove it calls ambiguous.
 */
export type Exchange =
  | { readonly kind: 'answer'; readonly status: number; readonly headers: Headers; readonly text: string }
  /** The connection was never made: no byte of the request has left. */
  | {
      readonly kind: 'not_sent'
      readonly cause: Exclude<NotSentCause, 'breaker_open' | 'queue_timeout'>
      readonly detail: string
    }
  | {
      readonly kind: 'ambiguous'
      readonly cause: Extract<AmbiguousCause, 'timeout' | 'reset' | 'unreadable_answer'>
      readonly detail: string
    }

type Headers = Readonly<Record<string, string | string[] | undefined>>

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly path: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  /** From the call to the last byte of the answer. */
  readonly timeoutMs: number
}

export interface HttpPeer {
  exchange(call: Call): Promise<Exchange>
  close(): Promise<void>
}

const ANSWER_BYTES_MAX = 4 * 1024 * 1024

/** Failures of making a connection, TLS handshake included: the request was not written. */
class NotConnected extends Error {
  readonly code: string

  constructor(cause: Error) {
    super(cause.message, { cause })
    this.name = 'NotConnected'
    this.code = 'code' in cause ? String(cause.code) : cause.name
  }
}

/**
 * A peer by its origin, for example `http://127.0.0.1:8081`, with a pool of connections of its own.
 * `connectTimeoutMs`: a connection that is not made by then proves that nothing was sent; without it, or beyond
 * the deadline of the call, the deadline ends the wait and proves nothing.
 */
export function openPeer(
  origin: string,
  connectionsMax: number,
  {
    connectTimeoutMs,
    answerBytesMax = ANSWER_BYTES_MAX,
  }: { readonly connectTimeoutMs?: number; readonly answerBytesMax?: number } = {},
): HttpPeer {
  const pool = new Pool(origin, {
    connections: connectionsMax,
    pipelining: 1,
    // The deadline of the call rules; undici's own timers run late (500 ms fired after 668 to 1,008).
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: connectorOf(connectTimeoutMs),
  })

  async function exchange({ method, path, body, headers, timeoutMs }: Call): Promise<Exchange> {
    const controller = new AbortController()
    const timer = setTimeout(() => controller.abort(), timeoutMs)
    try {
      const response = await pool.request({
        method,
        path,
        body: body ?? null,
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        signal: controller.signal,
      })
      const text = await readText(response.body, answerBytesMax)
      return { kind: 'answer', status: response.statusCode, headers: response.headers, text }
    } catch (error) {
      if (controller.signal.aborted) {
        return { kind: 'ambiguous', cause: 'timeout', detail: `no whole answer within ${timeoutMs} ms` }
      }
      return classify(error)
    } finally {
      clearTimeout(timer)
    }
  }

  return { exchange, close: () => pool.destroy() }
}

/** undici's own timer may run a second late; it is left to end the attempt that nobody waits for any more. */
function connectorOf(timeoutMs: number | undefined): buildConnector.connector {
  const connect = buildConnector(timeoutMs === undefined ? {} : { timeout: timeoutMs })
  return (options, callback) => {
    let isOver = false
    const fail = (error: Error) => {
      isOver = true
      callback(new NotConnected(error), null)
    }
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => fail(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs)
    connect(options, (...[error, socket]) => {
      clearTimeout(timer)
      if (isOver) socket?.destroy()
      else if (error) fail(error)
      else callback(null, socket)
    })
  }
}

async function readText(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.byteLength
    if (bytes > bytesMax) throw new UnreadableAnswer(`answer: is longer than ${bytesMax} bytes`)
    chunks.push(chunk)
  }
  return new TextDecoder().decode(Buffer.concat(chunks))
}

class UnreadableAnswer extends Error {
  override readonly name = 'UnreadableAnswer'
}

const DNS = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'ENODATA'])

function classify(error: unknown): Exchange {
  const detail = error instanceof Error ? error.message : String(error)
  if (error instanceof NotConnected) {
    if (DNS.has(error.code)) return { kind: 'not_sent', cause: 'dns', detail }
    const isTls = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO)/.test(error.code)
    return { kind: 'not_sent', cause: isTls ? 'tls' : 'connection_refused', detail }
  }
  const isUnreadable = error instanceof UnreadableAnswer || error instanceof errors.HTTPParserError
  return { kind: 'ambiguous', cause: isUnreadable ? 'unreadable_answer' : 'reset', detail }
}
