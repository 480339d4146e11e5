// Requests with receipts of every vendor: authentic, forged, altered, stale.
// Signatures named "vector" were made by the vendors' own libraries, the others here from the description.
import { createHmac, createSign, generateKeyPairSync, sign } from 'node:crypto'
import { awsReceipts } from '../../src/providers/aws/receipts.ts'
import { azureReceipts } from '../../src/providers/azure/receipts.ts'
import { birdReceipts } from '../../src/providers/bird/receipts.ts'
import { genericReceipts } from '../../src/providers/generic/receipts.ts'
import { infobipReceipts } from '../../src/providers/infobip/receipts.ts'
import { plivoReceipts } from '../../src/providers/plivo/receipts.ts'
import type { RawRequest, Receipt, ReceiptReader } from '../../src/providers/receipt.ts'
import { sinchReceipts } from '../../src/providers/sinch/receipts.ts'
import { telnyxReceipts } from '../../src/providers/telnyx/receipts.ts'
import { twilioReceipts } from '../../src/providers/twilio/receipts.ts'
import { vonageReceipts } from '../../src/providers/vonage/receipts.ts'

export const reference = '0190a5c0-0000-7000-8000-000000000001'
export const now = new Date('2026-01-02T03:04:05Z')
const nowSeconds = String(now.getTime() / 1_000)
export const origin = 'https://sms.example.com/receipts'

type Headers = Readonly<Record<string, string>>
export function post(url: string, headers: Headers, body: string): RawRequest {
  return { method: 'POST', url, headers, body: Buffer.from(body) }
}
export const formOf = (fields: Headers) => new URLSearchParams(fields).toString()

/** One authentic request of each vendor, how to sign a changed one, and what it must say. */
interface Vendor {
  readonly read: ReceiptReader
  readonly authentic: RawRequest
  readonly expected: Partial<Receipt>
  /** Requests that must be refused, by what is wrong with them. */
  readonly forged: Readonly<Record<string, RawRequest>>
  /** Authentic, with a body the vendor does not document. */
  readonly broken?: RawRequest
  /** Whether a signed time ends the life of a captured request. */
  readonly expires: boolean
}

const twilioFields = {
  MessageSid: `SM${'1'.repeat(32)}`,
  MessageStatus: 'delivered',
  AccountSid: `AC${'a'.repeat(32)}`,
  To: '+12025550147',
  From: '+12025550199',
  ApiVersion: '2010-04-01',
}
const twilioUrl = `${origin}/twilio/${reference}`
const twilioSigned = (url: string, fields: Headers) => {
  const text = Object.entries(fields)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .reduce((whole, [name, value]) => whole + name + value, url)
  const signature = createHmac('sha1', 'twilio-token').update(text).digest('base64')
  return post(url, { 'x-twilio-signature': signature }, formOf(fields))
}
const twilioVector = { 'x-twilio-signature': 'fHRPkvN4RP/ZJUp6HT2ocwDe2Uc=' }

export const vonageFields: Headers = {
  msisdn: '12025550147',
  to: 'Acme & Co=1',
  messageId: '0A0001',
  status: 'delivered',
  'err-code': '0',
  'client-ref': reference,
  'message-timestamp': '2026-01-02 03:04:00',
  timestamp: nowSeconds,
}
export const vonageVector = '920629a8e53f49d8c6372e01002687a06349487a854be3c733838f73b8bb9f53'
export const asJson = { 'content-type': 'application/json' }
export const asForm = { 'content-type': 'application/x-www-form-urlencoded' }
export const vonageRequest = (fields: Headers) => post(`${origin}/vonage`, asJson, JSON.stringify(fields))

const telnyxKeys = generateKeyPairSync('ed25519')
const telnyxPublic = Buffer.from(
  telnyxKeys.publicKey.export({ format: 'jwk' }).x ?? '',
  'base64url',
).toString('base64')
const telnyxEvent = {
  data: {
    event_type: 'message.finalized',
    occurred_at: '2026-01-02T03:04:00Z',
    payload: {
      id: 'tx-1',
      to: [{ status: 'delivered', phone_number: '+12025550147' }],
      webhook_url: `${origin}/telnyx/${reference}`,
      errors: [],
    },
  },
}
export const telnyxSigned = (value: unknown, timestamp = nowSeconds, key = telnyxKeys.privateKey) => {
  const body = JSON.stringify(value)
  const signature = sign(null, Buffer.from(`${timestamp}|${body}`), key).toString('base64')
  const headers = { 'telnyx-timestamp': timestamp, 'telnyx-signature-ed25519': signature }
  return post(`${origin}/telnyx/00000000-0000-7000-8000-00000000dead`, headers, body)
}

export const plivoFields = {
  MessageUUID: 'pl-1',
  Status: 'delivered',
  To: '12025550147',
  From: '12025550199',
  ErrorCode: '000',
}
export const plivoUrl = `${origin}/plivo/${reference}`
export const plivoV3 = (url: string, signature: string, fields: Headers = plivoFields) => {
  const headers = { ...asForm, 'x-plivo-signature-v3': signature, 'x-plivo-signature-v3-nonce': '12345' }
  return post(url, headers, formOf(fields))
}
export const plivoV2 = {
  ...asForm,
  'x-plivo-signature-v2': 'LR6dWqSvYvJgWjRq2xGofauZWExz7tyajL3MCpu6Uoc=',
  'x-plivo-signature-v2-nonce': '12345',
}

export const basicHeader = { authorization: `Basic ${Buffer.from('user:pass').toString('base64')}` }
const credentials = { user: 'user', password: 'pass' }
export const infobipReport = {
  results: [
    {
      messageId: reference,
      to: '12025550147',
      doneAt: '2026-01-02T04:04:00.000+0100',
      callbackData: reference,
      status: { groupId: 3, groupName: 'DELIVERED', id: 5, name: 'DELIVERED_TO_HANDSET' },
      error: { groupId: 0, groupName: 'OK', id: 0, name: 'NO_ERROR' },
    },
  ],
}
const sinchReport = {
  type: 'recipient_delivery_report_sms',
  batch_id: 'si-1',
  recipient: '12025550147',
  code: 0,
  status: 'Delivered',
  at: '2026-01-02T03:04:00.000Z',
  client_reference: reference,
}

const birdSecret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
const birdEvent = {
  type: 'sms.delivered',
  timestamp: '2026-01-02T03:04:00Z',
  data: { sms_id: 'sms_1', tags: [{ name: 'message_uuid', value: reference }] },
}
const birdHeaders = (signature: string, timestamp = nowSeconds) => ({
  'webhook-id': 'evt_1',
  'webhook-timestamp': timestamp,
  'webhook-signature': signature,
})
const birdVector = birdHeaders('v1,pW23SKdrJtTDYScJkyqwj1H1Dy9kjSNkwvjlnpW/KVs=')
export const birdSigned = (body: string, timestamp = nowSeconds) => {
  const mac = createHmac('sha256', Buffer.alloc(24, 7)).update(`evt_1.${timestamp}.${body}`).digest('base64')
  return post(`${origin}/bird`, birdHeaders(`v1,${mac}`, timestamp), body)
}

const awsKeys = generateKeyPairSync('rsa', { modulusLength: 2048 })
const awsOther = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const arn = 'arn:aws:sns:eu-west-1:111122223333:sms'
export const certificateUrl = 'https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem'
const awsEvent = {
  eventType: 'TEXT_DELIVERED',
  eventTimestamp: Date.parse('2026-01-02T03:04:00Z'),
  messageId: 'aws-1',
  context: { message_uuid: reference },
}
export function awsSigned(changes: Record<string, unknown> = {}, key = awsKeys.privateKey): RawRequest {
  const envelope: Record<string, unknown> = {
    Type: 'Notification',
    MessageId: 'n-1',
    TopicArn: arn,
    Message: JSON.stringify(awsEvent),
    Timestamp: '2026-01-02T03:04:01.000Z',
    SignatureVersion: '2',
    SigningCertURL: certificateUrl,
    ...changes,
  }
  const isNotification = envelope['Type'] === 'Notification'
  const names = isNotification
    ? ['Message', 'MessageId', 'Timestamp', 'TopicArn', 'Type']
    : ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']
  const text = names.map((name) => `${name}\n${String(envelope[name])}\n`).join('')
  const algorithm = envelope['SignatureVersion'] === '1' ? 'RSA-SHA1' : 'RSA-SHA256'
  const Signature = createSign(algorithm).update(text).sign(key, 'base64')
  return post(`${origin}/aws`, {}, JSON.stringify({ ...envelope, Signature }))
}

const azureReport = [
  {
    eventType: 'Microsoft.Communication.SMSDeliveryReportReceived',
    data: {
      messageId: 'az-1',
      to: '12025550147',
      deliveryStatus: 'Delivered',
      receivedTimestamp: '2026-01-02T03:04:00Z',
      tag: reference,
    },
  },
]
const genericSecret = 'generic-secret'
export const genericBody = JSON.stringify({ id: 'ge-1', state: 'DONE', ref: reference })
const genericSigned = (body: string, timestamp = nowSeconds) => {
  const mac = createHmac('sha256', genericSecret).update(`${timestamp}.${body}`).digest('hex')
  return post(`${origin}/generic`, { ...asJson, 'x-signature': mac, 'x-time': timestamp }, body)
}

const stale = String(Number(nowSeconds) - 301)
const early = String(Number(nowSeconds) + 301)
export const receiptVendors: Readonly<Record<string, Vendor>> = {
  twilio: {
    read: twilioReceipts({ accountSid: twilioFields.AccountSid, authToken: 'twilio-token' }),
    authentic: post(twilioUrl, twilioVector, formOf(twilioFields)),
    expected: { providerMessageId: twilioFields.MessageSid, at: now },
    expires: false,
    forged: {
      'another status': post(twilioUrl, twilioVector, formOf({ ...twilioFields, MessageStatus: 'failed' })),
      'another message in the address': post(
        `${origin}/twilio/0190a5c0-0000-7000-8000-000000000002`,
        twilioVector,
        formOf(twilioFields),
      ),
      'no signature': post(twilioUrl, {}, formOf(twilioFields)),
      'a parameter twice': post(twilioUrl, twilioVector, `${formOf(twilioFields)}&MessageStatus=failed`),
      'another account': twilioSigned(twilioUrl, { ...twilioFields, AccountSid: `AC${'b'.repeat(32)}` }),
    },
    broken: twilioSigned(twilioUrl, { AccountSid: twilioFields.AccountSid }),
  },
  vonage: {
    read: vonageReceipts({
      apiKey: 'abcd1234',
      signature: { method: 'sha256', secret: 'vonage-signature-secret' },
    }),
    authentic: vonageRequest({ ...vonageFields, sig: vonageVector.toUpperCase() }),
    expected: { providerMessageId: '0A0001' },
    expires: true,
    forged: {
      'another status': vonageRequest({ ...vonageFields, status: 'failed', sig: vonageVector }),
      'no signature': vonageRequest(vonageFields),
      'one parameter more': vonageRequest({ ...vonageFields, extra: '1', sig: vonageVector }),
      'a nested value': post(`${origin}/vonage`, asJson, '{"sig":"x","status":{"a":1}}'),
      'no JSON': post(`${origin}/vonage`, asJson, '{'),
    },
  },
  infobip: {
    read: infobipReceipts(credentials),
    authentic: post(`${origin}/infobip`, basicHeader, JSON.stringify(infobipReport)),
    expected: { providerMessageId: reference },
    expires: false,
    forged: {
      'no credentials': post(`${origin}/infobip`, {}, JSON.stringify(infobipReport)),
      'other credentials': post(
        `${origin}/infobip`,
        { authorization: 'Basic dXNlcjpwYXNzMg==' },
        JSON.stringify(infobipReport),
      ),
    },
    broken: post(`${origin}/infobip`, basicHeader, '{"results":[{}]}'),
  },
  telnyx: {
    read: telnyxReceipts(telnyxPublic),
    authentic: telnyxSigned(telnyxEvent),
    expected: { providerMessageId: 'tx-1' },
    expires: true,
    forged: {
      'another key': telnyxSigned(telnyxEvent, nowSeconds, generateKeyPairSync('ed25519').privateKey),
      'another body': { ...telnyxSigned(telnyxEvent), body: Buffer.from('{}') },
      'a stale time': telnyxSigned(telnyxEvent, stale),
      'a time to come': telnyxSigned(telnyxEvent, early),
      'no signature': post(origin, { 'telnyx-timestamp': nowSeconds }, JSON.stringify(telnyxEvent)),
    },
    broken: telnyxSigned({ data: { event_type: 'message.finalized', payload: {} } }),
  },
  plivo: {
    read: plivoReceipts({ authToken: 'plivo-token', acceptsV2: false }),
    authentic: plivoV3(plivoUrl, 'X8+61Y43ur6JoOcAvte3nH5V8vtSp1dAUn8TsW/3nmQ='),
    expected: { providerMessageId: 'pl-1', at: now },
    expires: false,
    forged: {
      'another status': plivoV3(plivoUrl, 'X8+61Y43ur6JoOcAvte3nH5V8vtSp1dAUn8TsW/3nmQ=', {
        ...plivoFields,
        Status: 'failed',
      }),
      'a signature that covers no body': post(plivoUrl, plivoV2, formOf(plivoFields)),
      'no signature': post(plivoUrl, asForm, formOf(plivoFields)),
      'no nonce': post(
        plivoUrl,
        { 'x-plivo-signature-v3': createHmac('sha256', 'plivo-token').update('.').digest('base64') },
        '',
      ),
    },
  },
  sinch: {
    read: sinchReceipts(credentials),
    authentic: post(`${origin}/sinch`, basicHeader, JSON.stringify(sinchReport)),
    expected: { providerMessageId: 'si-1' },
    expires: false,
    forged: { 'no credentials': post(`${origin}/sinch`, {}, JSON.stringify(sinchReport)) },
    broken: post(`${origin}/sinch`, basicHeader, '<xml/>'),
  },
  bird: {
    read: birdReceipts(birdSecret),
    authentic: post(`${origin}/bird`, birdVector, JSON.stringify(birdEvent)),
    expected: { providerMessageId: 'sms_1' },
    expires: true,
    forged: {
      'another body': post(
        `${origin}/bird`,
        birdVector,
        JSON.stringify(birdEvent).replace('delivered', 'failed'),
      ),
      'another id': post(
        `${origin}/bird`,
        { ...birdVector, 'webhook-id': 'evt_2' },
        JSON.stringify(birdEvent),
      ),
      'a stale time': birdSigned(JSON.stringify(birdEvent), stale),
      'a time to come': birdSigned(JSON.stringify(birdEvent), early),
      'a time that is none': birdSigned(JSON.stringify(birdEvent), `${nowSeconds}.0`),
      'no signature': post(`${origin}/bird`, {}, JSON.stringify(birdEvent)),
    },
    broken: birdSigned('{"type":"sms.delivered","data":{}}'),
  },
  aws: {
    read: awsReceipts({ arn, keyAt: (url) => (url === certificateUrl ? awsKeys.publicKey : undefined) }),
    authentic: awsSigned(),
    expected: { providerMessageId: 'aws-1' },
    expires: true,
    forged: {
      'another key': awsSigned({}, awsOther.privateKey),
      'another topic': awsSigned({ TopicArn: `${arn}-evil` }),
      'a certificate of elsewhere': awsSigned({ SigningCertURL: 'https://sns.example.com/a.pem' }),
      'a certificate of a bucket': awsSigned({
        SigningCertURL: 'https://sns.eu-west-1.amazonaws.com.example.com/a.pem',
      }),
      'a certificate that is not at hand': awsSigned({
        SigningCertURL: 'https://sns.eu-west-1.amazonaws.com/other.pem',
      }),
      'a stale time': awsSigned({ Timestamp: '2026-01-02T02:00:00.000Z' }),
      'no time': awsSigned({ Timestamp: 'now' }),
      nothing: post(origin, {}, ''),
    },
    broken: awsSigned({ Message: '{}' }),
  },
  azure: {
    read: azureReceipts({ header: 'x-baton', token: 'azure-token' }),
    authentic: post(`${origin}/azure`, { 'x-baton': 'azure-token' }, JSON.stringify(azureReport)),
    expected: { providerMessageId: 'az-1' },
    expires: false,
    forged: {
      'no token': post(`${origin}/azure`, {}, JSON.stringify(azureReport)),
      'part of the token': post(`${origin}/azure`, { 'x-baton': 'azure-toke' }, JSON.stringify(azureReport)),
    },
    broken: post(`${origin}/azure`, { 'x-baton': 'azure-token' }, '{}'),
  },
  generic: {
    read: genericReceipts({
      authentication: {
        kind: 'hmac',
        algorithm: 'sha256',
        secret: genericSecret,
        header: 'x-signature',
        encoding: 'hex',
        timestampHeader: 'x-time',
      },
      idPath: '$.id',
      statusPath: '$.state',
      referencePath: '$.ref',
      statuses: { DONE: 'delivered' },
    }),
    authentic: genericSigned(genericBody),
    expected: { providerMessageId: 'ge-1', at: now },
    expires: true,
    forged: {
      'another body': { ...genericSigned(genericBody), body: Buffer.from('{}') },
      'a stale time': genericSigned(genericBody, stale),
      'no time': post(origin, { ...asJson, 'x-signature': 'aa' }, genericBody),
    },
    broken: genericSigned('[]'),
  },
}
