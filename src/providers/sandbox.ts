import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { httpProvider, type HttpOptions } from './http-provider.ts'
import type { AnswerRules } from './judge-answer.ts'
import type { SmsProvider } from './provider.ts'
import { sandboxReceipts } from './sandbox-receipts.ts'

const Accepted = Compile(Type.Object({ id: Type.String({ minLength: 1 }) }))
const Refused = Compile(Type.Object({ error: Type.Object({ code: Type.String() }) }))

export interface SandboxOptions extends Omit<HttpOptions, 'origin'> {
  /** Origin of the carrier sandbox. */
  readonly url: string
  readonly account: 'legacy' | 'service'
  /** Shared with the sandbox, which signs its callbacks with it; without it they are not taken. */
  readonly receiptSecret?: string
}

const answers: AnswerRules = {
  refusals: { 422: { refused: 'message' }, 429: { 'any body': 'pace' } },
  read(status, json) {
    if (status === 201 && Accepted.Check(json)) return { acceptedAs: json.id }
    return Refused.Check(json) ? { refusedWith: [json.error.code] } : null
  },
}

/**
 * The carrier sandbox as a provider. It has no key and no look-up, and its receipts name its own id alone: a lost
 * answer stays in doubt.
 */
export function sandboxProvider({ url, account, receiptSecret, ...options }: SandboxOptions): SmsProvider {
  return httpProvider(
    {
      name: `sandbox-${account}`,
      origin: url,
      protection: { kind: 'none' },
      answers,
      receipts:
        receiptSecret === undefined
          ? { kind: 'none', why: 'without a secret nothing tells that a callback is of the sandbox' }
          : { kind: 'webhook', read: sandboxReceipts(receiptSecret) },
      compose({ messageUuid, recipient, sender, body }) {
        const message = { to: recipient, body, reference: messageUuid, ...(sender ? { from: sender } : {}) }
        return { method: 'POST', path: `/accounts/${account}/messages`, body: JSON.stringify(message) }
      },
    },
    options,
  )
}
