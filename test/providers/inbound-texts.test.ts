// What subscribers write, as each vendor hands it on: under the signature of its receipts, or not at all.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, test } from 'node:test'
import { callbackSignature } from '../../src/contract/carrier-callback.ts'
import type { InboundText, RawRequest, ReceiptReader } from '../../src/providers/receipt.ts'
import { plivoReceipts } from '../../src/providers/plivo/receipts.ts'
import { sandboxReceipts } from '../../src/providers/sandbox-receipts.ts'
import {
  asForm,
  asJson,
  awsSigned,
  basicHeader,
  formOf,
  now,
  origin,
  post,
  receiptVendors,
  telnyxSigned,
  vonageRequest,
} from './receipt-subjects.ts'

const nowSeconds = String(now.getTime() / 1_000)
const readerOf = (vendor: string): ReceiptReader => receiptVendors[vendor]?.read ?? assert.fail(vendor)
const at = new Date('2026-01-02T03:04:00Z')

interface Subject {
  readonly read: ReceiptReader
  readonly authentic: RawRequest
  readonly expected: Partial<InboundText>
  readonly forged: readonly RawRequest[]
}

const hmacOf = (algorithm: string, secret: string, text: string, form: 'base64' | 'hex') =>
  createHmac(algorithm, secret).update(text).digest(form)
const sorted = (fields: Record<string, string>) =>
  Object.entries(fields).sort(([one], [other]) => (one < other ? -1 : 1))

const twilioFields = {
  MessageSid: 'SM1',
  SmsStatus: 'received',
  AccountSid: `AC${'a'.repeat(32)}`,
  From: '+12025550147',
  To: '+12025550199',
  Body: 'STOP',
}
const twilioUrl = `${origin}/twilio`
const twilioSigned = (fields: Record<string, string>, token = 'twilio-token') => {
  const text = twilioUrl + sorted(fields).flat().join('')
  const headers = { ...asForm, 'x-twilio-signature': hmacOf('sha1', token, text, 'base64') }
  return post(twilioUrl, headers, formOf(fields))
}

const vonageFields = {
  msisdn: '12025550147',
  to: '12025550199',
  messageId: '0B01',
  text: 'STOP',
  type: 'text',
  keyword: 'STOP',
  'api-key': 'abcd1234',
  'message-timestamp': '2026-01-02 03:04:00',
  timestamp: nowSeconds,
}
const vonageSigned = (fields: Record<string, string>, secret = 'vonage-signature-secret') => {
  const text = sorted(fields)
    .map(([name, value]) => `&${name}=${value}`)
    .join('')
  return vonageRequest({ ...fields, sig: hmacOf('sha256', secret, text, 'hex') })
}

const infobip = JSON.stringify({
  results: [
    {
      messageId: 'ib-1',
      from: '12025550147',
      to: '12025550199',
      text: 'STOP',
      cleanText: '',
      keyword: 'STOP',
      receivedAt: '2026-01-02T04:04:00.000+0100',
      smsCount: 1,
    },
  ],
  messageCount: 1,
  pendingMessageCount: 0,
})

const telnyxEvent = {
  data: {
    event_type: 'message.received',
    occurred_at: '2026-01-02T03:04:00Z',
    payload: {
      id: 'tx-1',
      direction: 'inbound',
      from: { phone_number: '+12025550147' },
      to: [{ phone_number: '+12025550199', status: 'webhook_delivered' }],
      text: 'STOP',
    },
  },
}

const plivoFields = { MessageUUID: 'pl-1', From: '12025550147', To: '12025550199', Text: 'STOP', Type: 'sms' }
const plivoUrl = `${origin}/plivo`
const plivoSigned = (fields: Record<string, string>) => {
  const signed = `${plivoUrl}?${sorted(fields).flat().join('')}.12345`
  const headers = {
    ...asForm,
    'x-plivo-signature-v3': hmacOf('sha256', 'plivo-token', signed, 'base64'),
    'x-plivo-signature-v3-nonce': '12345',
  }
  return post(plivoUrl, headers, formOf(fields))
}

const sinch = JSON.stringify({
  type: 'mo_text',
  id: 'si-1',
  from: '12025550147',
  to: '12025550199',
  body: 'STOP',
  received_at: '2026-01-02T03:04:00.000Z',
})

const awsText = JSON.stringify({
  originationNumber: '+12025550147',
  destinationNumber: '+12025550199',
  messageKeyword: 'KEYWORD_1',
  messageBody: 'STOP',
  inboundMessageId: 'aws-1',
})

const azure = JSON.stringify([
  {
    eventType: 'Microsoft.Communication.SMSReceived',
    data: {
      messageId: 'az-1',
      from: '12025550147',
      to: '12025550199',
      message: 'STOP',
      receivedTimestamp: '2026-01-02T03:04:00Z',
    },
  },
])

const reply = { id: 'sb-1', from: '+12025550147', to: '+12025550199', body: 'STOP', at: at.toISOString() }
const sandbox = JSON.stringify({ replies: [reply] })
const sandboxSigned = (body: string, secret = 'carrier', seconds = nowSeconds) =>
  post(
    `${origin}/sandbox-service`,
    {
      ...asJson,
      'x-carrier-timestamp': seconds,
      'x-carrier-signature': callbackSignature(secret, seconds, body),
    },
    body,
  )

const subjects: Readonly<Record<string, Subject>> = {
  twilio: {
    read: readerOf('twilio'),
    authentic: twilioSigned(twilioFields),
    expected: { id: 'SM1', to: '+12025550199', at: now },
    forged: [
      twilioSigned(twilioFields, 'guess'),
      { ...twilioSigned(twilioFields), body: Buffer.from(formOf({ ...twilioFields, Body: 'START' })) },
      twilioSigned({ ...twilioFields, AccountSid: `AC${'b'.repeat(32)}` }),
    ],
  },
  vonage: {
    read: readerOf('vonage'),
    authentic: vonageSigned(vonageFields),
    expected: { id: '0B01', at },
    forged: [
      vonageSigned(vonageFields, 'guess'),
      vonageRequest(vonageFields),
      vonageSigned({ ...vonageFields, timestamp: String(Number(nowSeconds) - 301) }),
    ],
  },
  infobip: {
    read: readerOf('infobip'),
    authentic: post(`${origin}/infobip`, basicHeader, infobip),
    expected: { id: 'ib-1', at: new Date('2026-01-02T03:04:00Z') },
    forged: [post(`${origin}/infobip`, {}, infobip)],
  },
  telnyx: {
    read: readerOf('telnyx'),
    authentic: telnyxSigned(telnyxEvent),
    expected: { id: 'tx-1', to: '+12025550199', at },
    forged: [
      { ...telnyxSigned({}), body: Buffer.from(JSON.stringify(telnyxEvent)) },
      telnyxSigned(telnyxEvent, String(Number(nowSeconds) - 301)),
    ],
  },
  plivo: {
    read: readerOf('plivo'),
    authentic: plivoSigned(plivoFields),
    expected: { id: 'pl-1', at: now },
    forged: [
      { ...plivoSigned(plivoFields), body: Buffer.from(formOf({ ...plivoFields, Text: 'START' })) },
      post(plivoUrl, asForm, formOf(plivoFields)),
    ],
  },
  sinch: {
    read: readerOf('sinch'),
    authentic: post(`${origin}/sinch`, basicHeader, sinch),
    expected: { id: 'si-1', at },
    forged: [post(`${origin}/sinch`, {}, sinch)],
  },
  aws: {
    read: readerOf('aws'),
    authentic: awsSigned({ Message: awsText }),
    expected: { id: 'aws-1', to: '+12025550199', at: new Date('2026-01-02T03:04:01Z') },
    forged: [awsSigned({ Message: awsText, TopicArn: 'arn:aws:sns:eu-west-1:111122223333:evil' })],
  },
  azure: {
    read: readerOf('azure'),
    authentic: post(`${origin}/azure`, { 'x-baton': 'azure-token' }, azure),
    expected: { id: 'az-1', at },
    forged: [post(`${origin}/azure`, {}, azure)],
  },
  sandbox: {
    read: sandboxReceipts('carrier'),
    authentic: sandboxSigned(sandbox),
    expected: { id: 'sb-1', to: '+12025550199', at },
    forged: [
      sandboxSigned(sandbox, 'guess'),
      { ...sandboxSigned(sandbox), body: Buffer.from(sandbox.replace('STOP', 'START')) },
      sandboxSigned(sandbox, 'carrier', String(Number(nowSeconds) - 301)),
      post(`${origin}/sandbox-service`, asJson, sandbox),
    ],
  },
}

for (const [name, { read, authentic, expected, forged }] of Object.entries(subjects)) {
  describe(`${name}: texts of subscribers`, () => {
    test('one is read, with its writer in E.164', () => {
      const reading = read(authentic, now)
      assert.ok(reading.kind === 'texts', JSON.stringify(reading))
      const text = { from: '+12025550147', to: '12025550199', text: 'STOP', ...expected }
      assert.deepEqual(reading.texts, [text])
    })

    test('a forged one is refused, and nothing of it is repeated', () => {
      for (const request of forged) {
        const reading = read(request, now)
        assert.equal(reading.kind, 'not_authentic')
        assert.doesNotMatch(JSON.stringify(reading), /STOP|5550147/)
      }
    })
  })
}

test('plivo: a signature that covers no body makes no text believed', () => {
  const read = plivoReceipts({ authToken: 'plivo-token', acceptsV2: true })
  const headers = {
    ...asForm,
    'x-plivo-signature-v2': hmacOf('sha256', 'plivo-token', `${plivoUrl}12345`, 'base64'),
    'x-plivo-signature-v2-nonce': '12345',
  }
  assert.equal(read(post(plivoUrl, headers, formOf(plivoFields)), now).kind, 'not_authentic')
  const receipt = formOf({ MessageUUID: 'pl-1', Status: 'delivered' })
  assert.equal(read(post(plivoUrl, headers, receipt), now).kind, 'receipts')
})

test('azure: receipts in the same batch are read as well', () => {
  const report = {
    eventType: 'Microsoft.Communication.SMSDeliveryReportReceived',
    data: { messageId: 'az-2', deliveryStatus: 'Delivered' },
  }
  const body = JSON.stringify([...(JSON.parse(azure) as object[]), report])
  const reading = readerOf('azure')(post(`${origin}/azure`, { 'x-baton': 'azure-token' }, body), now)
  assert.ok(reading.kind === 'texts')
  assert.deepEqual([reading.texts.length, reading.receipts?.length], [1, 1])
})

test('who is no number, as over other channels, is passed over', () => {
  const reading = readerOf('twilio')(twilioSigned({ ...twilioFields, From: 'whatsapp:+12025550147' }), now)
  assert.deepEqual(reading, { kind: 'texts', texts: [] })
})
