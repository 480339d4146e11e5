import { equalSecretly, headerOf, hmac, isRecent, notAuthentic, unreadable } from '../authenticity.ts'
import { isJson, parseForm, parseJson } from '../json-body.ts'
import { normaliseReceipts, type StatusWords } from '../normalise-receipts.ts'
import type { RawRequest, ReceiptReader } from '../receipt.ts'
import { addressedMessage, referenceOf } from '../receipt-address.ts'
import { jsonPath } from './json-path.ts'

export interface GenericReceipts {
  readonly authentication:
    /** A secret in a header. */
    | { readonly kind: 'token'; readonly header: string; readonly token: string }
    /** HMAC over the body, or over `timestamp.body` where a header carries the time in seconds. */
    | {
        readonly kind: 'hmac'
        readonly algorithm: 'sha1' | 'sha256' | 'sha512'
        readonly secret: string
        readonly header: string
        readonly encoding: 'hex' | 'base64'
        readonly timestampHeader?: string
      }
  readonly idPath: string
  readonly statusPath: string
  /** Absent: the last segment of the address, but only under a token, since an HMAC does not cover the address. */
  readonly referencePath?: string
  readonly errorPath?: string
  readonly statuses: StatusWords
}

/** Receipts in JSON or a form, one a request. Header names are in lower case. */
export function genericReceipts(options: GenericReceipts): ReceiptReader {
  const { authentication, idPath, statusPath, referencePath, errorPath, statuses } = options
  const idOf = jsonPath(idPath)
  const statusOf = jsonPath(statusPath)
  const echoOf = referencePath === undefined ? undefined : jsonPath(referencePath)
  const errorOf = errorPath === undefined ? undefined : jsonPath(errorPath)
  return (request, now) => {
    const reason = refusal(request, authentication, now)
    if (reason !== undefined) return notAuthentic(reason)
    const json = isJson(headerOf(request, 'content-type')) ? parseJson(request.body) : parseForm(request.body)
    const id = json === undefined ? undefined : idOf(json)
    const word = json === undefined ? undefined : statusOf(json)
    if (id === undefined || id === '' || word === undefined) return unreadable('has no id or no status')
    const addressed = authentication.kind === 'token' ? addressedMessage(request.url) : undefined
    const reference = echoOf ? referenceOf(echoOf(json)) : addressed
    return normaliseReceipts([{ id, status: word, reference, errorCode: errorOf?.(json) }], statuses, now)
  }
}

function refusal(
  request: RawRequest,
  authentication: GenericReceipts['authentication'],
  now: Date,
): string | undefined {
  const { header } = authentication
  const given = headerOf(request, header) ?? ''
  if (authentication.kind === 'token') {
    return equalSecretly(given, authentication.token) ? undefined : `${header} does not match`
  }
  const { algorithm, secret, encoding, timestampHeader } = authentication
  const parts: (string | Uint8Array)[] = []
  if (timestampHeader !== undefined) {
    const timestamp = headerOf(request, timestampHeader)
    if (!isRecent(timestamp, now)) return `${timestampHeader} is outside the window`
    parts.push(`${timestamp}.`)
  }
  const expected = hmac(algorithm, secret, ...parts, request.body).toString(encoding)
  const shown = encoding === 'hex' ? given.toLowerCase() : given
  return equalSecretly(shown, expected) ? undefined : `${header} does not match`
}
