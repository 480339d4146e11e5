import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { openPeer, type Exchange } from '../http/exchange.ts'
import type { Provider, SendResult } from './provider.ts'

const Accepted = Compile(Type.Object({ id: Type.String({ minLength: 1 }) }))
const Refused = Compile(
  Type.Object({ error: Type.Object({ code: Type.Literal('refused'), message: Type.String() }) }),
)

export interface SandboxOptions {
  /** Origin of the carrier sandbox. */
  readonly url: string
  readonly account: 'legacy' | 'service'
  readonly timeoutMs: number
  readonly connectionsMax: number
}

/** The carrier sandbox as a provider. It has no key and no look-up: a lost answer stays in doubt. */
export function sandboxProvider({ url, account, timeoutMs, connectionsMax }: SandboxOptions): Provider {
  const peer = openPeer(url, connectionsMax)
  return {
    name: `sandbox-${account}`,
    async send(permit, { messageUuid, recipient, sender, body }) {
      permit.spend(messageUuid)
      const message = { to: recipient, body, reference: messageUuid, ...(sender ? { from: sender } : {}) }
      const path = `/accounts/${account}/messages`
      return resultOf(await peer.exchange({ method: 'POST', path, body: JSON.stringify(message), timeoutMs }))
    },
    close: () => peer.close(),
  }
}

function resultOf(exchange: Exchange): SendResult {
  if (exchange.kind === 'not_sent')
    return { kind: 'not_sent', reason: `${exchange.cause}: ${exchange.detail}` }
  if (exchange.kind === 'ambiguous')
    return { kind: 'unknown', reason: `${exchange.cause}: ${exchange.detail}` }
  const answer = parseJson(exchange.text)
  if (exchange.status === 201 && Accepted.Check(answer))
    return { kind: 'accepted', providerMessageId: answer.id }
  if (exchange.status === 422 && Refused.Check(answer))
    return { kind: 'refused', reason: answer.error.message }
  return { kind: 'unknown', reason: `HTTP ${exchange.status} that is neither an acceptance nor a refusal` }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
