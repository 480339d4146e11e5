// Receipts of every vendor: authentic ones are read, forged, altered and stale ones have no effect.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { certificateAddress } from '../../src/providers/aws/receipts.ts'
import { genericReceipts } from '../../src/providers/generic/receipts.ts'
import { infobipReceipts } from '../../src/providers/infobip/receipts.ts'
import { plivoReceipts } from '../../src/providers/plivo/receipts.ts'
import { movesForward, type DeliveryStatus, type ReceiptReader } from '../../src/providers/receipt.ts'
import { vonageReceipts } from '../../src/providers/vonage/receipts.ts'
import {
  reference,
  now,
  origin,
  post,
  formOf,
  vonageFields,
  vonageVector,
  asJson,
  asForm,
  vonageRequest,
  telnyxSigned,
  plivoFields,
  plivoUrl,
  plivoV2,
  plivoV3,
  basicHeader,
  infobipReport,
  birdSigned,
  arn,
  awsSigned,
  certificateUrl,
  genericBody,
  receiptVendors as vendors,
} from './receipt-subjects.ts'

for (const [name, { read, authentic, expected, forged, broken, expires }] of Object.entries(vendors)) {
  describe(`${name}: receipts`, () => {
    test('an authentic one is read', () => {
      const receipt = { at: new Date('2026-01-02T03:04:00Z'), ...expected, reference, status: 'delivered' }
      assert.deepEqual(read(authentic, now), { kind: 'receipts', receipts: [receipt] })
    })

    for (const [what, request] of Object.entries(forged)) {
      test(`refused: ${what}`, () => {
        const reading = read(request, now)
        assert.equal(reading.kind, 'not_authentic', JSON.stringify(reading))
        assert.ok(!JSON.stringify(reading).includes('2025550147'))
      })
    }

    test('one bit of the body, or of a header, spoils it', () => {
      const usesCredentials = ['infobip', 'sinch', 'azure'].includes(name)
      const body = Buffer.from(authentic.body)
      const middle = Math.floor(body.length / 3)
      body[middle] = (body[middle] ?? 0) ^ 1
      if (!usesCredentials) assert.equal(read({ ...authentic, body }, now).kind, 'not_authentic')
      for (const [header, value] of Object.entries(authentic.headers)) {
        if (header === 'content-type' || typeof value !== 'string') continue
        const changed = `${value.slice(0, 6)}${value[6] === 'A' ? 'B' : 'A'}${value.slice(7)}`
        const reading = read({ ...authentic, headers: { ...authentic.headers, [header]: changed } }, now)
        assert.equal(reading.kind, 'not_authentic', header)
      }
    })

    test(
      'a captured one is refused after the window, where a time is signed',
      { skip: !expires && 'the vendor signs no time' },
      () => {
        const later = new Date(now.getTime() + 2 * 3_600_000)
        assert.equal(read(authentic, later).kind, 'not_authentic')
      },
    )

    test('authentic, and unreadable', { skip: !broken && 'whatever is signed is read' }, () => {
      assert.equal(broken && read(broken, now).kind, 'unreadable')
    })
  })
}

describe('particulars', () => {
  const first = (reading: ReturnType<ReceiptReader>) =>
    reading.kind === 'receipts' ? reading.receipts[0] : assert.fail(JSON.stringify(reading))

  test('vonage: GET and form as well as JSON; MD5 as the account may have it', () => {
    const { read } = vendors['vonage'] ?? assert.fail()
    const query = formOf({ ...vonageFields, sig: vonageVector })
    const get = { method: 'GET', url: `${origin}/vonage?${query}`, headers: {}, body: Buffer.alloc(0) }
    assert.equal(first(read(get, now))?.status, 'delivered')
    assert.equal(first(read(post(`${origin}/vonage`, asForm, query), now))?.status, 'delivered')
    const md5 = vonageReceipts({
      apiKey: 'abcd1234',
      signature: { method: 'md5hash', secret: 'vonage-signature-secret' },
    })
    assert.equal(
      first(md5(vonageRequest({ ...vonageFields, sig: 'df89ab0d3ae82ba184e3bf9f1d85bdc8' }), now))?.reference,
      reference,
    )
  })

  test('plivo: V3 covers the query; V2 is taken when asked for, and proves the address alone', () => {
    const { read } = vendors['plivo'] ?? assert.fail()
    const signature = 'NHVt9i+SIPBLt2zbx3XHxTbOfwjpWQKrPlGoRdLV9jk='
    assert.equal(first(read(plivoV3(`${plivoUrl}?a=1&b=2`, signature), now))?.status, 'delivered')
    assert.equal(read(plivoV3(`${plivoUrl}?a=1&b=3`, signature), now).kind, 'not_authentic')
    const old = plivoReceipts({ authToken: 'plivo-token', acceptsV2: true })
    assert.equal(first(old(post(plivoUrl, plivoV2, formOf(plivoFields)), now))?.reference, reference)
    const elsewhere = `${origin}/plivo/0190a5c0-0000-7000-8000-000000000002`
    assert.equal(old(post(elsewhere, plivoV2, formOf(plivoFields)), now).kind, 'not_authentic')
  })

  test('aws: both signature versions; a subscription is confirmed at Amazon alone', () => {
    const { read } = vendors['aws'] ?? assert.fail()
    assert.equal(first(read(awsSigned({ SignatureVersion: '1' }), now))?.status, 'delivered')
    const confirmation = (SubscribeURL: string) =>
      read(awsSigned({ Type: 'SubscriptionConfirmation', Token: 't', SubscribeURL, Message: 'm' }), now)
    const visitUrl = `https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${arn}&Token=t`
    assert.deepEqual(confirmation(visitUrl), { kind: 'handshake', visitUrl })
    assert.equal(confirmation('https://169.254.169.254/').kind, 'not_authentic')
    assert.equal(certificateAddress(awsSigned(), arn), certificateUrl)
    assert.equal(certificateAddress(awsSigned({ SigningCertURL: 'https://10.0.0.1/a.pem' }), arn), undefined)
  })

  test('azure: the validation event is answered, but only to who knows the secret', () => {
    const { read } = vendors['azure'] ?? assert.fail()
    const eventType = 'Microsoft.EventGrid.SubscriptionValidationEvent'
    const body = JSON.stringify([{ eventType, data: { validationCode: 'abc' } }])
    const reading = read(post(`${origin}/azure`, { 'x-baton': 'azure-token' }, body), now)
    assert.deepEqual(reading, { kind: 'handshake', reply: '{"validationResponse":"abc"}' })
    assert.equal(read(post(`${origin}/azure`, {}, body), now).kind, 'not_authentic')
  })

  test('infobip: several in one request; an operator is no handset; errors are named', () => {
    const { read } = vendors['infobip'] ?? assert.fail()
    const [report] = infobipReport.results
    const results = [
      { ...report, status: { groupName: 'DELIVERED', name: 'DELIVERED_TO_OPERATOR' } },
      {
        ...report,
        status: { groupName: 'REJECTED', name: 'REJECTED_OPERATOR' },
        error: { id: 9, name: 'EC_9' },
      },
      { ...report, status: { groupName: 'constructor', name: 'x' } },
    ]
    const reading = read(post(`${origin}/infobip`, basicHeader, JSON.stringify({ results })), now)
    assert.ok(reading.kind === 'receipts')
    assert.deepEqual(
      reading.receipts.map(({ status, errorCode }) => [status, errorCode]),
      [
        ['sent', undefined],
        ['rejected', 'EC_9'],
      ],
    )
    const token = infobipReceipts({ header: 'x-token', token: 'secret' })
    assert.equal(token(post(origin, { 'x-token': 'secret' }, '{"results":[]}'), now).kind, 'receipts')
    assert.equal(token(post(origin, { 'x-token': '' }, '{"results":[]}'), now).kind, 'not_authentic')
  })

  test('other events are authentic and say nothing', () => {
    const inbound = { data: { event_type: 'message.received', payload: {} } }
    assert.deepEqual(vendors['telnyx']?.read(telnyxSigned(inbound), now), { kind: 'receipts', receipts: [] })
    const other = birdSigned('{"type":"email.bounced","data":{}}')
    assert.deepEqual(vendors['bird']?.read(other, now), { kind: 'receipts', receipts: [] })
  })

  test('generic: the address is believed under a token, never under an HMAC that does not cover it', () => {
    const common = { idPath: '$.id', statusPath: '$.state', statuses: { DONE: 'delivered' } } as const
    const url = `${origin}/generic/${reference}`
    const byToken = genericReceipts({
      ...common,
      authentication: { kind: 'token', header: 'x-token', token: 'secret' },
    })
    const request = { ...post(url, { ...asJson, 'x-token': 'secret' }, genericBody) }
    assert.equal(first(byToken(request, now))?.reference, reference)
    const header = 'x-signature'
    const byHmac = genericReceipts({
      ...common,
      authentication: { kind: 'hmac', algorithm: 'sha256', secret: 's', header, encoding: 'base64' },
    })
    const mac = createHmac('sha256', 's').update(genericBody).digest('base64')
    const signed = post(url, { ...asJson, [header]: mac }, genericBody)
    assert.deepEqual(Object.keys(first(byHmac(signed, now)) ?? {}).includes('reference'), false)
  })
})

test('whatever comes in is judged, never thrown at', () => {
  const anyBody = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json({ maxDepth: 5 }).map((text) => Buffer.from(text)),
    fc.webQueryParameters().map((text) => Buffer.from(text)),
  )
  const anyUrl = fc.oneof(fc.webUrl({ withQueryParameters: true }), fc.string())
  const anyHeaders = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.array(fc.string())))
  for (const [name, { read, authentic }] of Object.entries(vendors)) {
    fc.assert(
      fc.property(anyBody, anyUrl, anyHeaders, fc.boolean(), (body, url, headers, keepsHeaders) => {
        const method = body.length % 2 === 0 ? 'POST' : 'GET'
        const known = keepsHeaders ? { ...headers, ...authentic.headers } : headers
        const reading = read({ method, url, headers: known, body }, now)
        // Only who knows the secret is listened to; those whose secret is a header may say anything.
        const isTold = keepsHeaders && ['infobip', 'sinch', 'azure'].includes(name)
        assert.ok(isTold || reading.kind === 'not_authentic', `${name}: ${reading.kind}`)
      }),
    )
  }
})

test('statuses move forward only', () => {
  const order: readonly (readonly DeliveryStatus[])[] = [
    ['accepted'],
    ['sent'],
    ['undelivered', 'expired', 'rejected'],
    ['delivered'],
  ]
  const ranked = order.flatMap((group, rank) => group.map((status) => [status, rank] as const))
  for (const [one, rankOfOne] of ranked) {
    assert.ok(movesForward(null, one))
    for (const [other, rankOfOther] of ranked) {
      assert.equal(movesForward(one, other), rankOfOther > rankOfOne, `${one} to ${other}`)
    }
  }
})
