import { createHash } from 'node:crypto'
import {
  equalSecretly,
  headerOf,
  hmac,
  isRecent,
  notAuthentic,
  unreadable,
  type HmacAlgorithm,
} from '../authenticity.ts'
import { inboundText, textsOf } from '../inbound-text.ts'
import { isJson, parseForm, parseJson } from '../json-body.ts'
import { normaliseReceipts, type StatusWords } from '../normalise-receipts.ts'
import type { RawRequest, ReceiptReader } from '../receipt.ts'
import { referenceOf } from '../receipt-address.ts'

export interface VonageSignature {
  /** As chosen in the dashboard; `md5hash` is the account's default and the weakest. */
  readonly method: 'md5hash' | HmacAlgorithm
  readonly secret: string
}

const statuses: StatusWords = {
  accepted: 'accepted',
  buffered: 'sent',
  delivered: 'delivered',
  expired: 'expired',
  failed: 'undelivered',
  rejected: 'rejected',
  unknown: 'sent',
}

/** Signed delivery receipts and texts of subscribers, as GET, form or JSON; the signature covers every parameter and their time. */
export function vonageReceipts({
  apiKey,
  signature,
}: {
  apiKey: string
  signature: VonageSignature
}): ReceiptReader {
  return (request, now) => {
    const fields = parametersOf(request)
    if (!fields) return notAuthentic('the parameters cannot be read')
    const { sig, ...signed } = fields
    if (!sig) return notAuthentic('is not signed: switch signed webhooks on for the account')
    if (!equalSecretly(sig.toLowerCase(), expectedSig(signed, signature))) {
      return notAuthentic('sig does not match')
    }
    if (!isRecent(signed['timestamp'], now)) return notAuthentic('timestamp is outside the window')
    if (signed['api-key'] !== undefined && signed['api-key'] !== apiKey) {
      return notAuthentic('is for another account')
    }
    const { messageId, status: word, msisdn, text } = signed
    // `2020-01-01 12:00:00`, in UTC.
    const at = `${signed['message-timestamp']?.replace(' ', 'T')}Z`
    if (messageId && !word && msisdn !== undefined && text !== undefined) {
      return textsOf([inboundText({ id: messageId, from: msisdn, to: signed['to'] ?? null, text, at }, now)])
    }
    if (!messageId || !word) return unreadable('messageId or status is missing')
    const code = signed['err-code']
    const found = {
      id: messageId,
      status: word,
      at,
      reference: referenceOf(signed['client-ref']),
      errorCode: code === '0' ? undefined : code,
    }
    return normaliseReceipts([found], statuses, now)
  }
}

function parametersOf(request: RawRequest): Record<string, string> | undefined {
  if (request.method === 'GET') {
    return URL.canParse(request.url)
      ? parseForm(Buffer.from(new URL(request.url).search.slice(1)))
      : undefined
  }
  if (!isJson(headerOf(request, 'content-type'))) return parseForm(request.body)
  const json = parseJson(request.body)
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined
  const entries = Object.entries(json)
  // A nested value has no documented place in the signed text.
  if (entries.some(([, value]) => typeof value === 'object')) return undefined
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]))
}

function expectedSig(fields: Readonly<Record<string, string>>, { method, secret }: VonageSignature): string {
  const text = Object.keys(fields)
    .sort()
    .map((name) => `&${name}=${(fields[name] ?? '').replaceAll(/[&=]/g, '_')}`)
    .join('')
  if (method === 'md5hash') return createHash('md5').update(text).update(secret).digest('hex')
  return hmac(method, secret, text).toString('hex')
}
