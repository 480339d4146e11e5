import type { Call, HttpPeer } from '../../http/exchange.ts'

const TIMEOUT_MS = 20_000

export interface Question {
  readonly method: Call['method']
  readonly path: string
  readonly key?: string
  readonly body?: object
}

/** A call whose answer must be a success; throws what went wrong otherwise. */
export async function ask<Answer>(peer: HttpPeer, question: Question): Promise<Answer> {
  const { method, path, key, body } = question
  const exchange = await peer.exchange({
    method,
    path,
    timeoutMs: TIMEOUT_MS,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (exchange.kind !== 'answer') throw new Error(`${method} ${path}: no answer: ${exchange.detail}`)
  if (exchange.status >= 300) {
    throw new Error(`${method} ${path}: answered ${exchange.status}: ${exchange.text.slice(0, 300)}`)
  }
  return JSON.parse(exchange.text) as Answer
}
