import { Compile } from 'typebox/compile'
import {
  CALLBACK_SIGNATURE,
  CALLBACK_TIME,
  callbackSignature,
  CarrierCallback,
} from '../contract/carrier-callback.ts'
import { equalSecretly, headerOf, isRecent, notAuthentic, unreadable } from './authenticity.ts'
import { inboundText, textsOf } from './inbound-text.ts'
import { parseJson } from './json-body.ts'
import { normaliseReceipts } from './normalise-receipts.ts'
import type { ReceiptReader } from './receipt.ts'

const Callback = Compile(CarrierCallback)

/** Callbacks of the carrier sandbox: an HMAC over their time and their very bytes. */
export function sandboxReceipts(secret: string): ReceiptReader {
  return (request, now) => {
    const seconds = headerOf(request, CALLBACK_TIME)
    if (seconds === undefined || !isRecent(seconds, now)) {
      return notAuthentic(`${CALLBACK_TIME} is outside the window`)
    }
    const expected = callbackSignature(secret, seconds, request.body)
    if (!equalSecretly(headerOf(request, CALLBACK_SIGNATURE) ?? '', expected)) {
      return notAuthentic(`${CALLBACK_SIGNATURE} does not match`)
    }
    const callback = parseJson(request.body)
    if (!Callback.Check(callback)) return unreadable('is not a callback of the sandbox')
    if ('deliveries' in callback) {
      return normaliseReceipts(callback.deliveries, { sent: 'sent', delivered: 'delivered' }, now)
    }
    return textsOf(callback.replies.map(({ body, ...reply }) => inboundText({ ...reply, text: body }, now)))
  }
}
