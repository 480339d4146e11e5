import { verify } from 'node:crypto'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { notAuthentic, unreadable } from '../authenticity.ts'
import { parseJson } from '../json-body.ts'
import { noReceipts, normaliseReceipts, type StatusWords } from '../normalise-receipts.ts'
import type { DeliveryStatus, RawRequest, ReceiptReader, ReceiptReading } from '../receipt.ts'
import { referenceOf } from '../receipt-address.ts'

export interface SnsTopic {
  /** Anybody can have SNS sign a message of a topic of his own; only this topic is believed. */
  readonly arn: string
  /** The PEM certificate that stands at an address, once fetched; see {@link certificateAddress}. */
  readonly certificateAt: (url: string) => string | undefined
}

const Envelope = Type.Object({
  Type: Type.String(),
  MessageId: Type.String(),
  TopicArn: Type.String(),
  Message: Type.String(),
  Timestamp: Type.String(),
  SignatureVersion: Type.Union([Type.Literal('1'), Type.Literal('2')]),
  Signature: Type.String(),
  SigningCertURL: Type.String(),
  Subject: Type.Optional(Type.String()),
  SubscribeURL: Type.Optional(Type.String()),
  Token: Type.Optional(Type.String()),
})
type Envelope = Static<typeof Envelope>
const CheckedEnvelope = Compile(Envelope)
const Event = Compile(
  Type.Object({
    eventType: Type.String(),
    messageId: Type.String({ minLength: 1 }),
    eventTimestamp: Type.Optional(Type.Integer()),
    context: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  }),
)

const statuses: StatusWords = {
  TEXT_PENDING: 'accepted',
  TEXT_QUEUED: 'accepted',
  TEXT_SENT: 'sent',
  TEXT_SUCCESSFUL: 'sent',
  TEXT_UNKNOWN: 'sent',
  TEXT_DELIVERED: 'delivered',
  TEXT_INVALID: 'rejected',
  TEXT_INVALID_MESSAGE: 'rejected',
  TEXT_BLOCKED: 'rejected',
  TEXT_PROTECT_BLOCKED: 'rejected',
  TEXT_SPAM: 'rejected',
  TEXT_CARRIER_BLOCKED: 'rejected',
  TEXT_UNREACHABLE: 'undelivered',
  TEXT_CARRIER_UNREACHABLE: 'undelivered',
  TEXT_TTL_EXPIRED: 'expired',
}

const FAILURES = new Set<DeliveryStatus | undefined>(['rejected', 'undelivered', 'expired'])

/** SNS repeats a delivery with its first time for up to an hour under its default policy. */
const WINDOW_MS = 3_600_000
const OFFICIAL = /^https:\/\/sns\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?\//

/** The address of the certificate a message names, if it is Amazon's own; to be fetched and kept by the caller. */
export function certificateAddress({ body }: RawRequest): string | undefined {
  const envelope = parseJson(body)
  if (!CheckedEnvelope.Check(envelope)) return undefined
  const { SigningCertURL } = envelope
  return OFFICIAL.test(SigningCertURL) && SigningCertURL.endsWith('.pem') ? SigningCertURL : undefined
}

/** Events of a configuration set through SNS over HTTPS. */
export function awsReceipts({ arn, certificateAt }: SnsTopic): ReceiptReader {
  return (request, now) => {
    const envelope = parseJson(request.body)
    const address = certificateAddress(request)
    if (!CheckedEnvelope.Check(envelope) || address === undefined)
      return notAuthentic('is not an SNS message')
    if (envelope.TopicArn !== arn) return notAuthentic('is of another topic')
    const certificate = certificateAt(address)
    if (certificate === undefined) return notAuthentic('its certificate is not at hand')
    if (!isSigned(envelope, certificate)) return notAuthentic('Signature does not match')
    const ageMs = now.getTime() - Date.parse(envelope.Timestamp)
    if (!(Math.abs(ageMs) <= WINDOW_MS)) return notAuthentic('Timestamp is outside the window')
    return readEnvelope(envelope, now)
  }
}

function readEnvelope({ Type: type, Message, SubscribeURL, Timestamp }: Envelope, now: Date): ReceiptReading {
  if (type === 'SubscriptionConfirmation' && SubscribeURL !== undefined) {
    if (!OFFICIAL.test(SubscribeURL)) return notAuthentic('SubscribeURL is not of Amazon')
    return { kind: 'handshake', visitUrl: SubscribeURL }
  }
  if (type !== 'Notification') return noReceipts
  const event = parseJson(Message)
  if (!Event.Check(event)) return unreadable('is not an SMS event')
  const { messageId, eventType, eventTimestamp = Timestamp, context } = event
  const reference = referenceOf(context?.['message_uuid'])
  const found = { id: messageId, status: eventType, at: eventTimestamp, reference }
  const errorCode = FAILURES.has(statuses[eventType]) ? eventType : undefined
  return normaliseReceipts([{ ...found, errorCode }], statuses, now)
}

/** Names and values in a fixed order, each with a line feed; what is absent is left out. */
function isSigned(envelope: Envelope, certificate: string): boolean {
  const names =
    envelope.Type === 'Notification'
      ? (['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'] as const)
      : (['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'] as const)
  const text = names
    .flatMap((name) => (envelope[name] === undefined ? [] : [`${name}\n${envelope[name]}\n`]))
    .join('')
  const algorithm = envelope.SignatureVersion === '2' ? 'RSA-SHA256' : 'RSA-SHA1'
  return verify(algorithm, Buffer.from(text), certificate, Buffer.from(envelope.Signature, 'base64'))
}
