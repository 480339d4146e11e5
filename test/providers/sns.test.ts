// Events of AWS through SNS: the certificate is fetched from Amazon alone, and nothing forged has an effect.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, describe, test } from 'node:test'
import { aws } from '../../src/providers/aws/aws.ts'
import { createSnsCertificates, fetchCertificate, isOfSns } from '../../src/providers/aws/certificates.ts'
import { makeCertificate } from '../support/certificate.ts'
import { testDatabase } from '../support/database.ts'
import { serviceWith } from '../support/service.ts'
import { arn, awsSigned, reference } from './receipt-subjects.ts'
import { startHttpPeer, type Script } from './scripted-http-peer.ts'

const HOUR_MS = 3_600_000
const amazon = generateKeyPairSync('rsa', { modulusLength: 2048 })
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
const inHours = (hours: number) => new Date(Date.now() + hours * HOUR_MS)
const certificate = (from: number, to: number, keys = amazon) =>
  makeCertificate({ ...keys, from: inHours(from), to: inHours(to) })
const pem = (body: string): Script => ({ kind: 'answer', status: 200, body })

const scripts: Record<string, Script> = {
  '/good.pem': pem(certificate(-1, 1)),
  '/expired.pem': pem(certificate(-2, -1)),
  '/early.pem': pem(certificate(1, 2)),
  '/stranger.pem': pem(certificate(-1, 1, stranger)),
  '/words.pem': pem('no certificate'),
  '/long.pem': pem(certificate(-1, 1) + ' '.repeat(32 * 1024)),
  '/moved.pem': { kind: 'answer', status: 302, headers: { location: '/good.pem' }, body: '' },
  '/away.pem': { kind: 'answer', status: 503, body: '' },
  '/reset.pem': { kind: 'reset' },
}
/** Stands where Amazon would, on the loopback interface. */
const peer = await startHttpPeer(
  ({ path }) => scripts[path] ?? { kind: 'answer', status: 404, body: 'no such thing' },
)
after(() => peer.close())
const fetched = (path: string) => peer.requests.filter((request) => request.path === path).length

const certificates = createSnsCertificates(({ pathname }) => fetchCertificate(peer.origin, pathname))
const provider = aws({
  origin: peer.origin,
  timeoutMs: 400,
  connectionsMax: 1,
  region: 'eu-west-1',
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'aws-secret',
  messageType: 'TRANSACTIONAL',
  configurationSetName: 'events',
  topicArn: arn,
  certificates,
})
const service = await serviceWith(await testDatabase(), () => [
  { provider, rule: { name: 'aws' }, inFlightMax: 1 },
])

const SNS = 'https://sns.eu-west-1.amazonaws.com'
const event = (id: string, eventType = 'TEXT_DELIVERED') =>
  JSON.stringify({ eventType, messageId: id, context: { message_uuid: reference } })

/** As Amazon sends it now, with these changes, signed by Amazon unless somebody else does. */
const message = (changes: Record<string, unknown>, key = amazon.privateKey): string =>
  Buffer.from(
    awsSigned({ Timestamp: new Date().toISOString(), SigningCertURL: `${SNS}/good.pem`, ...changes }, key)
      .body,
  ).toString()

async function post(body: string): Promise<number> {
  const response = await fetch(`${service.url}/receipts/aws`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain; charset=UTF-8' },
    body,
  })
  await response.text()
  return response.status
}
const storedOf = (id: string) =>
  service.ask<{ status: string }>(`select status from messaging.receipts where provider_message_id = '${id}'`)
async function counted(what: string): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text()
  return Number(new RegExp(`^baton_service_events_total\\{what="${what}"\\} (\\d+)$`, 'm').exec(text)?.[1])
}

describe('aws: SNS', () => {
  test('authentic events are stored, in both signature versions, with one fetch of the certificate', async () => {
    const bodies = ['2', '1', '2', '1'].map((SignatureVersion, index) =>
      message({ SignatureVersion, Message: event(`ok-${index}`) }),
    )
    assert.deepEqual(await Promise.all(bodies.map(post)), [202, 202, 202, 202])
    assert.equal((await storedOf('ok-0')).length + (await storedOf('ok-3')).length, 2)
    assert.equal(fetched('/good.pem'), 1)
  })

  test('replayed: 202 without effect, and counted; after an hour it is refused', async () => {
    const body = message({ Message: event('again') })
    const before = await counted('receipts_repeated')
    assert.deepEqual([await post(body), await post(body)], [202, 202])
    assert.equal((await storedOf('again')).length, 1)
    assert.equal(await counted('receipts_repeated'), before + 1)
    assert.equal(await post(message({ Message: event('old'), Timestamp: inHours(-1.1).toISOString() })), 401)
    assert.deepEqual(await storedOf('old'), [])
  })

  const good = { Message: event('forged') }
  const forged: Record<string, () => string> = {
    'signed by somebody else': () => message(good, stranger.privateKey),
    'altered after it was signed': () => message(good).replace('TEXT_DELIVERED', 'TEXT_INVALID'),
    'of another topic': () => message({ ...good, TopicArn: arn.replace('sms', 'evil') }),
    'under an expired certificate': () => message({ ...good, SigningCertURL: `${SNS}/expired.pem` }),
    'under a certificate to come': () => message({ ...good, SigningCertURL: `${SNS}/early.pem` }),
    'under a certificate of another key': () => message({ ...good, SigningCertURL: `${SNS}/stranger.pem` }),
    'with words for a certificate': () => message({ ...good, SigningCertURL: `${SNS}/words.pem` }),
    'with a certificate that is too long': () => message({ ...good, SigningCertURL: `${SNS}/long.pem` }),
    'with a certificate that is elsewhere': () => message({ ...good, SigningCertURL: `${SNS}/moved.pem` }),
    'with a certificate that is not there': () => message({ ...good, SigningCertURL: `${SNS}/none.pem` }),
    'not signed': () => message(good).replace(/"Signature":"[^"]+"/, '"Signature":""'),
    'no SNS message': () => '{}',
    'no JSON': () => 'TEXT_DELIVERED',
  }
  for (const [title, make] of Object.entries(forged)) {
    test(`${title}: 401, counted and without effect`, async () => {
      const before = await counted('receipts_forged')
      assert.equal(await post(make()), 401)
      assert.equal(await counted('receipts_forged'), before + 1)
      assert.deepEqual(await storedOf('forged'), [])
    })
  }

  test('nothing is fetched but from SNS over TLS, nor for another topic; no redirect is followed', async () => {
    const before = peer.requests.length
    for (const address of [
      'http://sns.eu-west-1.amazonaws.com/fresh.pem',
      'https://sns.eu-west-1.amazonaws.com.example.com/fresh.pem',
      'https://sns.eu-west-1.amazonaws.com:8443/fresh.pem',
      'https://user@sns.eu-west-1.amazonaws.com/fresh.pem',
      'https://example.com/sns.eu-west-1.amazonaws.com/fresh.pem',
      'https://s3.eu-west-1.amazonaws.com/fresh.pem',
      'https://sns.eu-west-1.amazonaws.cn/fresh.pem',
      'https://169.254.169.254/fresh.pem',
      'https://127.0.0.1/fresh.pem',
      'file:///fresh.pem',
      `${SNS}/fresh.pem?x=1`,
      `${SNS}/../fresh.pem/x`,
      `${SNS}/?Action=Publish&x=.pem`,
      'fresh.pem',
    ]) {
      assert.equal(await post(message({ ...good, SigningCertURL: address })), 401, address)
    }
    await post(message({ ...good, TopicArn: `${arn}x`, SigningCertURL: `${SNS}/fresh.pem` }))
    assert.equal(peer.requests.length, before)
    assert.ok(isOfSns('https://sns.us-gov-west-1.amazonaws.com/a.pem'))
    assert.ok(isOfSns('https://sns.cn-north-1.amazonaws.com.cn/a.pem'))
  })

  test('what is no certificate is not asked for again and again', async () => {
    for (const path of ['/words.pem', '/none.pem', '/expired.pem', '/moved.pem']) {
      await post(message({ ...good, SigningCertURL: SNS + path }))
      assert.equal(fetched(path), 1, path)
    }
  })

  test('while Amazon is away: 503, so that SNS repeats; then it counts', async () => {
    for (const path of ['/away.pem', '/reset.pem']) {
      const body = message({ Message: event(path), SigningCertURL: SNS + path })
      const before = await counted('receipts_forged')
      assert.equal(await post(body), 503)
      assert.deepEqual(await storedOf(path), [])
      assert.equal(await counted('receipts_forged'), before, 'nobody knows whether it is forged')
      scripts[path] = pem(certificate(-1, 1))
      assert.equal(await post(body), 202)
      assert.equal((await storedOf(path)).length, 1)
    }
  })

  test('a subscription of the topic is told and confirmed by nobody; of another one it is refused', async () => {
    const confirm = (address: string, changes: object = {}) =>
      post(
        message({
          Type: 'SubscriptionConfirmation',
          Token: 't',
          Message: 'm',
          SubscribeURL: address,
          ...changes,
        }),
      )
    const before = peer.requests.length
    const own = `${SNS}/?Action=ConfirmSubscription&TopicArn=${arn}&Token=t`
    assert.equal(await confirm(own), 202)
    assert.equal(await confirm(own.replace(':sms', ':evil')), 401)
    assert.equal(await confirm(own.replace('ConfirmSubscription', 'DeleteTopic')), 401)
    assert.equal(await confirm('https://169.254.169.254/?Action=ConfirmSubscription'), 401)
    assert.equal(await confirm(own, { TopicArn: arn.replace(':sms', ':evil') }), 401)
    assert.equal(peer.requests.length, before)
  })
})
