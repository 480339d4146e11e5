import { verify, type KeyObject } from 'node:crypto'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { notAuthentic, unreadable } from '../authenticity.ts'
import { parseJson } from '../json-body.ts'
import { noReceipts, normaliseReceipts, type StatusWords } from '../normalise-receipts.ts'
import { inboundText, textsOf } from '../inbound-text.ts'
import type { DeliveryStatus, RawRequest, ReceiptReader, ReceiptReading } from '../receipt.ts'
import { referenceOf } from '../receipt-address.ts'
import { isOfSns } from './certificates.ts'

export interface SnsTopic {
  /** Anybody can have SNS sign a message of a topic of his own; only this topic is believed. */
  readonly arn: string
  /** The key of the certificate at an address, where it is at hand and valid; see {@link certificateAddress}. */
  readonly keyAt: (url: string, now: Date) => KeyObject | undefined
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
/** Two-way messages: what was written to a number of the account. */
const Inbound = Compile(
  Type.Object({
    inboundMessageId: Type.String({ minLength: 1 }),
    originationNumber: Type.String(),
    destinationNumber: Type.String(),
    messageBody: Type.String(),
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

/**
 * The address of the certificate that a message of this topic names, if it is Amazon's own. Nothing is fetched for a
 * message that would be refused whatever its signature.
 */
export function certificateAddress({ body }: RawRequest, arn: string): string | undefined {
  const envelope = parseJson(body)
  if (!CheckedEnvelope.Check(envelope) || envelope.TopicArn !== arn) return undefined
  return certificateOf(envelope)
}

function certificateOf({ SigningCertURL }: Envelope): string | undefined {
  return isOfSns(SigningCertURL) &&
    /^\/[\w.-]+\.pem$/.test(new URL(SigningCertURL).pathname + new URL(SigningCertURL).search)
    ? SigningCertURL
    : undefined
}

/** Events of a configuration set through SNS over HTTPS. */
export function awsReceipts({ arn, keyAt }: SnsTopic): ReceiptReader {
  return (request, now) => {
    const envelope = parseJson(request.body)
    if (!CheckedEnvelope.Check(envelope)) return notAuthentic('is not an SNS message')
    if (envelope.TopicArn !== arn) return notAuthentic('is of another topic')
    const address = certificateOf(envelope)
    if (address === undefined) return notAuthentic('SigningCertURL is not of Amazon')
    const key = keyAt(address, now)
    if (key === undefined) return notAuthentic('its certificate is not to be had, or is not valid')
    if (!isSigned(envelope, key)) return notAuthentic('Signature does not match')
    const ageMs = now.getTime() - Date.parse(envelope.Timestamp)
    if (!(Math.abs(ageMs) <= WINDOW_MS)) return notAuthentic('Timestamp is outside the window')
    return readEnvelope(envelope, now)
  }
}

function readEnvelope(envelope: Envelope, now: Date): ReceiptReading {
  const { Type: type, TopicArn, Message, SubscribeURL, Timestamp } = envelope
  if (type === 'SubscriptionConfirmation' && SubscribeURL !== undefined) {
    if (!confirms(SubscribeURL, TopicArn))
      return notAuthentic('SubscribeURL is not of Amazon or of this topic')
    return { kind: 'handshake', visitUrl: SubscribeURL }
  }
  if (type !== 'Notification') return noReceipts
  const event = parseJson(Message)
  if (Inbound.Check(event)) {
    const { inboundMessageId: id, originationNumber: from, destinationNumber: to, messageBody: text } = event
    return textsOf([inboundText({ id, from, to, text, at: Timestamp }, now)])
  }
  if (!Event.Check(event)) return unreadable('is not an SMS event')
  const { messageId, eventType, eventTimestamp = Timestamp, context } = event
  const reference = referenceOf(context?.['message_uuid'])
  const found = { id: messageId, status: eventType, at: eventTimestamp, reference }
  const errorCode = FAILURES.has(statuses[eventType]) ? eventType : undefined
  return normaliseReceipts([{ ...found, errorCode }], statuses, now)
}

/** Whether visiting the address confirms a subscription to the topic, and does nothing else. */
function confirms(address: string, arn: string): boolean {
  if (!isOfSns(address)) return false
  const { searchParams } = new URL(address)
  return searchParams.get('Action') === 'ConfirmSubscription' && searchParams.get('TopicArn') === arn
}

/** Names and values in a fixed order, each with a line feed; what is absent is left out. */
function isSigned(envelope: Envelope, key: KeyObject): boolean {
  const names =
    envelope.Type === 'Notification'
      ? (['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'] as const)
      : (['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'] as const)
  const text = names
    .flatMap((name) => (envelope[name] === undefined ? [] : [`${name}\n${envelope[name]}\n`]))
    .join('')
  const algorithm = envelope.SignatureVersion === '2' ? 'RSA-SHA256' : 'RSA-SHA1'
  return verify(algorithm, Buffer.from(text), key, Buffer.from(envelope.Signature, 'base64'))
}
