import { equalSecretly, headerOf, hmac, notAuthentic, unreadable } from '../authenticity.ts'
import { inboundText, textsOf } from '../inbound-text.ts'
import { parseForm } from '../json-body.ts'
import { normaliseReceipts, type StatusWords } from '../normalise-receipts.ts'
import type { RawRequest, ReceiptReader } from '../receipt.ts'
import { addressedMessage } from '../receipt-address.ts'

const statuses: StatusWords = {
  queued: 'accepted',
  sent: 'sent',
  delivered: 'delivered',
  read: 'delivered',
  undelivered: 'undelivered',
  failed: 'undelivered',
  rejected: 'rejected',
}

/**
 * Status callbacks. The signature V3 covers URL and parameters; V2 covers scheme, host and path alone, so who
 * holds one signed request can put any status into its body. The address names one message, which bounds what
 * such a forgery reaches; V2 is refused unless it is asked for. Neither signs a time.
 */
export function plivoReceipts(secrets: { authToken: string; acceptsV2: boolean }): ReceiptReader {
  return (request, now) => {
    const fields = parseForm(request.body)
    if (!fields || !URL.canParse(request.url)) return notAuthentic('the parameters cannot be read')
    const reason = refusedSignature(request, fields, secrets)
    if (reason !== undefined) return notAuthentic(reason)
    const { MessageUUID, Status, ErrorCode } = fields
    const { From, To, Text } = fields
    if (MessageUUID && !Status && From !== undefined && Text !== undefined) {
      if (headerOf(request, 'x-plivo-signature-v3') === undefined) {
        return notAuthentic('a text is believed under V3 alone: V2 does not cover it')
      }
      return textsOf([inboundText({ id: MessageUUID, from: From, to: To ?? null, text: Text }, now)])
    }
    if (!MessageUUID || !Status) return unreadable('MessageUUID or Status is missing')
    const found = {
      id: fields['ParentMessageUUID'] ?? MessageUUID,
      status: Status,
      reference: addressedMessage(request.url),
      errorCode: ErrorCode === '000' ? undefined : ErrorCode,
    }
    return normaliseReceipts([found], statuses, now)
  }
}

function refusedSignature(
  request: RawRequest,
  fields: Readonly<Record<string, string>>,
  { authToken, acceptsV2 }: { authToken: string; acceptsV2: boolean },
): string | undefined {
  const matches = (version: 'v2' | 'v3', text: string): boolean => {
    const nonce = headerOf(request, `x-plivo-signature-${version}-nonce`) ?? ''
    const expected = hmac('sha256', authToken, text, version === 'v3' ? '.' : '', nonce).toString('base64')
    const given = headerOf(request, `x-plivo-signature-${version}`) ?? ''
    // While a token is being changed, several signatures stand in one header.
    return nonce !== '' && given.split(',', 4).some((one) => equalSecretly(one.trim(), expected))
  }
  if (headerOf(request, 'x-plivo-signature-v3') !== undefined) {
    return matches('v3', signedByV3(request.url, fields)) ? undefined : 'X-Plivo-Signature-V3 does not match'
  }
  if (!acceptsV2) return 'has no X-Plivo-Signature-V3'
  const { origin, pathname } = new URL(request.url)
  return matches('v2', origin + pathname) ? undefined : 'X-Plivo-Signature-V2 does not match'
}

/** Address, sorted query, a dot where both follow, then the sorted parameters. */
function signedByV3(url: string, fields: Readonly<Record<string, string>>): string {
  const { origin, pathname, searchParams } = new URL(url)
  const query = [...searchParams]
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join('&')
  const parameters = Object.keys(fields)
    .sort()
    .map((name) => `${name}${fields[name]}`)
    .join('')
  const hasParameters = parameters !== ''
  const mark = query !== '' || hasParameters ? '?' : ''
  return `${origin}${pathname}${mark}${query}${query !== '' && hasParameters ? '.' : ''}${parameters}`
}
