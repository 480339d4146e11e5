// Messages in doubt: what settles them by itself, and what a person decides.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import { beginChecks, endCheck } from '../src/authority/in-doubt.ts'
import { settleProven } from '../src/authority/proof.ts'
import { infobip } from '../src/providers/infobip/infobip.ts'
import { startHttpPeer } from './providers/scripted-http-peer.ts'
import { testDatabase } from './support/database.ts'
import { serviceWith } from './support/service.ts'
import { eventually, startSystem } from './support/system.ts'
import { RECEIPT_TOKEN, routed, startVendor } from './support/vendors.ts'

describe('what the protection class settles', async () => {
  const database = await testDatabase()
  const keyed = await startVendor('keyed', { dedupes: true })
  const blind = await startVendor('blind')
  const logs = await startHttpPeer(({ method, path }) => {
    if (method === 'POST') return { kind: 'reset' }
    const messageId = new URL(path, 'http://vendor').searchParams.get('messageId')
    const status = { groupName: 'DELIVERED', name: 'DELIVERED_TO_HANDSET' }
    return { kind: 'answer', status: 200, body: JSON.stringify({ results: [{ messageId, status }] }) }
  })
  const service = await serviceWith(database, () => [
    routed(keyed, {
      rule: { name: 'keyed', tenants: ['keyed'] },
      generic: { protection: { kind: 'dedupe', key: 'reference', windowMs: 60_000 } },
    }),
    routed(blind, { rule: { name: 'blind', tenants: ['blind'] } }),
    {
      provider: infobip({
        origin: logs.origin,
        apiKey: 'k',
        receiptSecret: { header: 'x-token', token: RECEIPT_TOKEN },
        timeoutMs: 400,
        connectionsMax: 4,
      }),
      rule: { name: 'infobip', tenants: ['looked-up'] },
      inFlightMax: 4,
    },
  ])
  test.after(async () => {
    await service.stop()
    await logs.close()
  })
  const proofsOf = (uuid: string | undefined) =>
    service.ask<{ kind: string; detail: string }>(
      `select kind, detail from messaging.authority_proofs where message_uuid = '${uuid}'`,
    )

  test('a vendor that dedupes is asked again with the same key: accepted proves sent, and it sent once', async () => {
    let asked = 0
    keyed.course = () => (asked++ === 0 ? 'lose_answer' : 'accept')
    const { uuids } = await service.accept([{ tenant: 'keyed' }])
    const [row] = await service.until(uuids, 'sent')
    assert.equal(row?.attempts, 1, 'a replay is the same attempt')
    assert.deepEqual(keyed.sent, uuids)
    assert.equal(keyed.requests.length, 2)
    assert.equal(keyed.requests[0]?.body, keyed.requests[1]?.body, 'word for word')
    assert.equal((await proofsOf(uuids[0]))[0]?.kind, 'answer')
    const checks = await service.ask<{ kind: string; result: string }>(
      `select kind, result from messaging.in_doubt_checks where message_uuid = '${uuids[0]}'`,
    )
    assert.deepEqual(checks, [{ kind: 'replay', result: 'sent' }])
  })

  test('a look-up that finds it proves sent', async () => {
    const { uuids } = await service.accept([{ tenant: 'looked-up' }])
    await service.until(uuids, 'sent')
    assert.equal((await proofsOf(uuids[0]))[0]?.kind, 'lookup_found')
    assert.equal(logs.requests.filter(({ method }) => method === 'POST').length, 1)
  })

  test('a blind vendor: nothing is asked and nothing is sent again; a correlated receipt settles it', async () => {
    blind.course = 'lose_answer'
    const { uuids } = await service.accept([{ tenant: 'blind' }, { tenant: 'blind' }])
    await service.until(uuids, 'in_doubt')
    const [first = '', second = ''] = uuids
    const receipt = { id: blind.idOf(first), status: 'delivered', reference: first }
    assert.equal(await service.receipt('blind', receipt, 'forged'), 401)
    assert.equal((await service.rows([first]))[0]?.state, 'in_doubt', 'a forged receipt has no effect')
    assert.equal(await service.receipt('blind', receipt, RECEIPT_TOKEN), 202)
    const [row] = await service.until([first], 'sent')
    assert.equal(row?.provider_message_id, blind.idOf(first))
    assert.equal((await proofsOf(first))[0]?.kind, 'receipt')
    assert.equal((await service.rows([second]))[0]?.state, 'in_doubt')
    assert.equal(blind.requests.length, 2)
    blind.course = 'accept'
  })
})

describe('a replay in the ledger', async () => {
  const database = await testDatabase()
  const blind = await startVendor('blind')
  blind.course = 'hang_up'
  const service = await serviceWith(database, () => [routed(blind)])
  const settler = {
    provider: 'blind',
    kind: 'replay',
    windowMs: 60_000,
    requestMs: 30_000,
    checksMax: 3,
  } as const
  const begin = () => beginChecks(database.service, [settler], 0, 10)
  const free = (messageUuid: string, attemptToken: string, kind: 'operator' | 'refusal') =>
    settleProven(database.service, {
      messageUuid,
      attemptToken,
      to: 'claimed',
      providerMessageId: null,
      proof: { kind, detail: 'test' },
      actor: 'test',
      pauseMs: 3_600_000,
    })

  test('while it may be on its way nobody frees the message; afterwards only a person does', async () => {
    const { uuids } = await service.accept([{}])
    await service.until(uuids, 'in_doubt')
    const [check] = await begin()
    assert.ok(check?.permit && check.messageUuid === uuids[0])
    assert.equal(check.permit.attemptToken, check.attemptToken, 'I2: the same attempt, so the same token')
    assert.deepEqual(await begin(), [], 'one at a time')
    const { messageUuid, attemptToken } = check
    await assert.rejects(free(messageUuid, attemptToken, 'operator'), { code: 'BA002' })
    await endCheck(database.service, check, 'no answer')
    await assert.rejects(free(messageUuid, attemptToken, 'refusal'), /only a person/)
    assert.equal(await free(messageUuid, attemptToken, 'operator'), true)
    assert.deepEqual(await begin(), [], 'nothing to ask about any more')
  })

  test('it stands only for a message in doubt, under its attempt, with its provider; and stays as it is', async () => {
    const insert = (uuid: string, token: string, provider: string) =>
      service.ask(`insert into messaging.in_doubt_checks (message_uuid, attempt_token, number, kind, provider, gives_up_at)
        values ('${uuid}', '${token}', 9, 'replay', '${provider}', now())`)
    const { uuids } = await service.accept([{}])
    await service.until(uuids, 'in_doubt')
    const [row] = await service.ask<{ attempt_token: string }>(
      `select attempt_token from messaging.execution_authority where message_uuid = '${uuids[0]}'`,
    )
    await assert.rejects(insert(uuids[0] ?? '', randomUUID(), 'blind'), { code: 'BA001' })
    await assert.rejects(insert(uuids[0] ?? '', row?.attempt_token ?? '', 'other'), { code: 'BA001' })
    await insert(uuids[0] ?? '', row?.attempt_token ?? '', 'blind')
    await assert.rejects(
      service.ask(`update messaging.in_doubt_checks set started_at = now() where number = 9`),
      { code: 'BA001' },
    )
  })
})

describe('a person decides', async () => {
  const vendor = await startVendor('vendor')
  const system = await startSystem({
    providers: () => ({ list: [routed(vendor)], senderPaces: {} }),
    service: { inDoubtAfterMs: 3_000 },
  })
  const operate = (method: string, path: string, body?: object) =>
    system.call<Record<string, unknown>>(method, path, body, 'test-operator-key')
  const resolve = (uuid: string, body: object) =>
    operate('POST', `/operator/in-doubt/${uuid}/resolution`, body)

  async function doubtful(): Promise<string> {
    await system.mode('ON')
    vendor.course = 'lose_answer'
    const { body } = await system.send({ to: '+12025550111', body: 'hi' })
    const uuid = body.messages[0]?.message_uuid ?? ''
    await eventually(
      async () => (await operate('GET', `/operator/in-doubt/${uuid}`)).body['state'],
      (state) => state === 'in_doubt',
    )
    vendor.course = 'accept'
    return uuid
  }

  test('sent: settled with the decision as its proof; nothing more can be decided', async () => {
    const uuid = await doubtful()
    const listed = await operate('GET', '/operator/in-doubt')
    assert.ok(JSON.stringify(listed.body).includes(uuid))
    const done = await resolve(uuid, {
      outcome: 'sent',
      reason: 'seen in their console',
      provider_message_id: 'v-1',
    })
    assert.deepEqual([done.status, done.body['state']], [200, 'sent'])
    const { body } = await operate('GET', `/operator/in-doubt/${uuid}`)
    assert.equal(body['provider_message_id'], 'v-1')
    assert.match(
      JSON.stringify(body['proofs']),
      /"kind":"operator","detail":"seen in their console","actor":"test operator"/,
    )
    assert.equal((await resolve(uuid, { outcome: 'not_sent', reason: 'no' })).status, 409)
  })

  test('not sent: refused, and not sent again', async () => {
    const uuid = await doubtful()
    const before = vendor.requests.length
    const done = await resolve(uuid, { outcome: 'not_sent', reason: 'their support says so' })
    assert.deepEqual([done.status, done.body['state']], [200, 'refused'])
    await system.send({ to: '+12025550112', body: 'another' })
    await eventually(
      async () => vendor.requests.length,
      (count) => count > before,
    )
    assert.ok(vendor.requests.slice(before).every(({ body }) => !body.includes(uuid)))
  })

  test('not sent, send again: back to claimed with the decision as proof, and sent', async () => {
    const uuid = await doubtful()
    const done = await resolve(uuid, { outcome: 'not_sent', reason: 'they never got it', send_again: true })
    assert.deepEqual([done.status, done.body['state']], [200, 'claimed'])
    const after = await eventually(
      async () => (await operate('GET', `/operator/in-doubt/${uuid}`)).body,
      ({ state }) => state === 'sent',
    )
    assert.match(JSON.stringify(after['proofs']), /"to_state":"claimed","kind":"operator"/)
  })

  test('a message of the legacy side: settled in the ledger and in sms_logs; it is not sent again', async () => {
    await system.mode('OFF')
    await system.carrierFaults({ legacy: { swallow: true } })
    const { body } = await system.send({ to: '+12025550113', body: 'hi' })
    await system.carrierFaults({})
    const uuid = body.messages[0]?.message_uuid ?? ''
    assert.equal((await resolve(uuid, { outcome: 'not_sent', reason: 'x', send_again: true })).status, 409)
    assert.equal((await resolve(uuid, { outcome: 'sent', reason: 'carrier log' })).status, 200)
    const [row] = await system.sql<{ status: string }>(
      `select status from legacy.sms_logs where message_uuid = '${uuid}'`,
    )
    assert.equal(row?.status, 'sent')
  })

  test('unknown messages, and a decision without a reason, are refused', async () => {
    const stranger = '01890000-0000-7000-8000-00000000dead'
    assert.equal((await resolve(stranger, { outcome: 'sent', reason: 'x' })).status, 404)
    assert.equal((await resolve(stranger, { outcome: 'not_sent' })).status, 400)
    assert.equal((await system.call('GET', '/operator/in-doubt', undefined, 'test-send-key')).status, 403)
  })
})
