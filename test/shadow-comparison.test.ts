// SHADOW with an existing application as the legacy side, which tells what it does and can rehearse.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, describe, test } from 'node:test'
import { httpLegacyDriver } from '../src/gateway/http-legacy-driver.ts'
import { createRehearsals } from '../src/gateway/rehearsals.ts'
import { gatewayProgram } from '../src/gateway/program.ts'
import { readRequest } from '../src/gateway/request-store.ts'
import { createShadow } from '../src/gateway/shadow.ts'
import { openPeer } from '../src/http/exchange.ts'
import { sandboxProvider } from '../src/providers/sandbox.ts'
import { compareShadow } from '../src/reconcile/compare-shadow.ts'
import { everything } from '../src/reconcile/window.ts'
import { reservedNumbers } from './support/numbers.ts'
import { eventually, quiet, SEND_KEY, startSystem } from './support/system.ts'

interface Told {
  readonly status: number
  readonly body: object
}
interface Asked {
  readonly path: string
  readonly message: { readonly message_uuid: string; readonly to: string; readonly dry_run?: boolean }
}
const sent = { status: 200, body: { provider_message_id: 'x', route: 'sandbox-service' } }
const refused = (error_class: string): Told => ({ status: 422, body: { error_class } })

/** What the application answers, by number; the second list is of rehearsals, in turn. */
const answers = new Map<string, { readonly send: Told; readonly rehearsals?: readonly Told[] }>()
const asked: Asked[] = []
const application = createServer((request, response) => {
  let text = ''
  request.on('data', (chunk: Buffer) => (text += chunk.toString()))
  request.on('end', () => {
    const message = JSON.parse(text) as Asked['message']
    asked.push({ path: request.url ?? '', message })
    const planned = answers.get(message.to) ?? { send: sent }
    const isRehearsal = request.url === '/rehearse'
    const before = asked.filter((one) => one.path === '/rehearse' && one.message.to === message.to).length - 1
    const { status, body } = isRehearsal ? (planned.rehearsals?.[before % 2] ?? planned.send) : planned.send
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(isRehearsal ? { dry_run: true, ...body } : body))
  })
})
await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${(application.address() as AddressInfo).port}`
after(() => application.close())

const driverAt = (rehearsalUrl: string | null) => () =>
  httpLegacyDriver({ url: `${url}/sms`, rehearsalUrl, token: null, timeoutMs: 1_000, connectionsMax: 8 })
const system = await startSystem({
  driver: driverAt(`${url}/rehearse`),
  gateway: { legacyRoute: 'not-told-by-it', legacyPricePerSegment: 2 },
  providers: () => {
    const provider = sandboxProvider({
      url: 'http://127.0.0.1:1',
      account: 'service',
      timeoutMs: 500,
      connectionsMax: 2,
    })
    const rule = { name: provider.name, cost: 2 }
    return { list: [{ provider, rule, inFlightMax: 2 }], senderPaces: {} }
  },
})
const { gateway } = system.database
const compare = () => compareShadow({ legacy: gateway, messaging: gateway, window: everything })
const [plain, long, wrong, stopped, other, unseen, flaky] = reservedNumbers(7)
const settled = async (messages: number) =>
  eventually(
    () => system.sql<{ n: number }>('select count(*)::integer n from legacy.legacy_rehearsals'),
    ([row]) => row?.n === messages,
  )

describe('both sides of a message', () => {
  test('numbers, texts, routes, prices and refusals are held against each other', async () => {
    assert.ok(plain && long && wrong && stopped && other && unseen && flaky)
    await system.sql(
      `insert into messaging.opt_outs (recipient, reason, actor) values ('${stopped}', 't', 't'), ('${other}', 't', 't'), ('${unseen}', 't', 't')`,
    )
    answers.set(wrong, {
      send: { status: 200, body: { ...sent.body, encoding: 'ucs2', segments: 9, price: 18 } },
    })
    answers.set(stopped, { send: refused('opted_out') })
    answers.set(other, { send: refused('number') })
    answers.set(flaky, { send: sent, rehearsals: [sent, refused('pace')] })
    await system.mode('SHADOW')
    assert.equal((await system.send({ to: plain, body: 'short' })).status, 202)
    await system.send({ to: long, body: 'ж'.repeat(150) })
    await system.send({ to: [wrong, stopped, other, unseen, flaky], body: 'short' })
    await settled(7)
    const result = await eventually(compare, ({ compared }) => compared === 7)
    const found = await Promise.all(
      result.disagreements.map(async ({ messageUuid, field, legacy, service }) => {
        const [row] = await system.sql<{ recipient: string }>(
          `select recipient from legacy.sms_logs where message_uuid = '${messageUuid}' and source = 'legacy'`,
        )
        return [row?.recipient, field, legacy, service]
      }),
    )
    assert.deepEqual(
      found.toSorted((a, b) => String(a).localeCompare(String(b))),
      [
        [wrong, 'encoding', 'ucs2', 'gsm7'],
        [wrong, 'price', '18', '2'],
        [wrong, 'segments', '9', '1'],
        [other, 'error_class', 'number', 'opted_out'],
        [unseen, 'verdict', 'send', 'refuse'],
      ].toSorted((a, b) => String(a).localeCompare(String(b))),
    )
    assert.deepEqual([result.fields.route.compared, result.fields.route.agreed], [4, 4])
    assert.deepEqual([result.fields.error_class.compared, result.fields.error_class.agreed], [2, 1])
    assert.deepEqual([result.eligible, result.compared, result.agreed], [7, 7, 4])
  })

  test('what the service would do stands in its words on the dry run, not on any real row', async () => {
    const [row] = await system.sql<{ service_would: object; legacy_did: object }>(
      `select service_would, legacy_did from legacy.sms_logs where dry_run and recipient = '${long}'`,
    )
    const both = {
      to: long,
      encoding: 'ucs2',
      segments: 3,
      route: 'sandbox-service',
      price: 6,
      error_class: null,
    }
    assert.deepEqual(row, { service_would: both, legacy_did: { ...both, can_rehearse: true } })
    await assert.rejects(system.sql(`update legacy.sms_logs set service_would = '{}' where not dry_run`), {
      code: '23514',
    })
  })

  test('the legacy side was asked twice, marked as a rehearsal, and sent each message once', async () => {
    const uuids = new Set(asked.map(({ message }) => message.message_uuid))
    for (const uuid of uuids) {
      const of = (path: string) =>
        asked.filter((one) => one.path === path && one.message.message_uuid === uuid)
      assert.deepEqual([of('/sms').length, of('/rehearse').length], [1, 2])
      assert.ok(of('/rehearse').every(({ message }) => message.dry_run === true))
      assert.ok(of('/sms').every(({ message }) => message.dry_run === undefined))
    }
    const { baseline } = await compare()
    assert.ok(baseline.kind === 'measured')
    assert.deepEqual([baseline.itself.agreed, baseline.itself.compared], [6, 7])
    assert.deepEqual([baseline.real.agreed, baseline.real.compared], [7, 7])
    assert.deepEqual(baseline.disagreements, { verdict: 1 })
  })
})

describe('what is left out', () => {
  const reasons = async () => {
    const rows = await system.sql<{ reason: string }>(
      'select reason from legacy.shadow_left_out order by noted_at',
    )
    return rows.map(({ reason }) => reason)
  }

  test('a hung service, a dead one, one that fails: each its own reason, and the sum is right', async () => {
    await system.faults({ blackhole: true })
    await system.send({ to: plain!, body: 'hung' })
    await eventually(reasons, (noted) => noted.length === 1)
    await system.faults({})
    const dead = await system.anotherGateway({ serviceUrl: 'http://127.0.0.1:1' })
    await dead.call('POST', '/v1/sms', { to: plain, body: 'dead' }, SEND_KEY)
    await eventually(reasons, (noted) => noted.length === 2)
    await dead.stop()
    await system.faults({ reset: true })
    await system.send({ to: plain!, body: 'cut' })
    await eventually(reasons, (noted) => noted.length === 3)
    await system.faults({})
    assert.deepEqual(await reasons(), ['timed_out', 'unreachable', 'broken_answer'])
    const { eligible, compared, left_out } = await compare()
    assert.deepEqual([left_out.timed_out, left_out.unreachable, left_out.broken_answer], [1, 1, 1])
    assert.equal(eligible - compared, 3)
  })

  test('under load and at the end what waits is dropped, and noted as such', async () => {
    await system.sql('delete from legacy.shadow_left_out')
    const peer = openPeer('http://127.0.0.1:1', 1)
    const facts = { route: null, pricePerSegment: null }
    const driver = sandboxProvider({ url, account: 'legacy', timeoutMs: 100, connectionsMax: 1 })
    const rehearsals = createRehearsals({ driver, facts, database: gateway, logger: quiet })
    const shadow = createShadow({ peer, database: gateway, logger: quiet, facts, rehearsals, waitingMax: 2 })
    await system.mode('OFF')
    const { body } = await system.send({ to: reservedNumbers(5), body: 'x' })
    const stored = await readRequest(gateway, body.request_id)
    assert.ok(stored)
    const outcomes = body.messages.map(({ message_uuid: messageUuid }) => ({
      messageUuid,
      source: 'legacy' as const,
      status: 'sent' as const,
      providerMessageId: null,
      fallback: null,
      reason: null,
      pending: null,
    }))
    shadow.offer(stored.request, outcomes)
    await shadow.close()
    await Promise.all([peer.close(), driver.close()])
    assert.deepEqual((await reasons()).toSorted(), ['closed', 'closed', 'dropped', 'dropped', 'dropped'])
    const { offered, logged, dropped, failed, unnoted, rehearsed, rehearsals_left_out } = shadow.counts
    assert.deepEqual(
      { offered, logged, dropped, failed, unnoted, rehearsed, rehearsals_left_out },
      { offered: 5, logged: 0, dropped: 5, failed: 0, unnoted: 0, rehearsed: 0, rehearsals_left_out: 0 },
    )
  })
})

describe('a rehearsal that is none', () => {
  test('an answer that does not say so ends all rehearsals: it may have sent', async () => {
    const before = asked.length
    const rehearsals = createRehearsals({
      driver: driverAt(`${url}/sms-by-mistake`)(),
      facts: { route: null, pricePerSegment: null },
      database: gateway,
      logger: quiet,
    })
    const message = (index: number) => ({
      messageUuid: `01890000-0000-7000-8000-0000000000a${index}`,
      recipient: plain!,
      sender: null,
      body: 'x',
    })
    rehearsals.offer(message(0), 1)
    await eventually(
      async () => rehearsals.counts.rehearsals_left_out,
      (left) => left === 1,
    )
    rehearsals.offer(message(1), 1)
    await eventually(
      async () => rehearsals.counts.rehearsals_left_out,
      (left) => left === 2,
    )
    await rehearsals.close()
    assert.equal(asked.length - before, 1)
  })

  test('the gateway does not start with the address of sends, or with a driver that cannot', () => {
    const problems = (settings: Record<string, string>) => {
      const parsed = gatewayProgram.parse({ DATABASE_URL: 'postgres://localhost/x', ...settings })
      return 'problems' in parsed ? parsed.problems.join() : 'none'
    }
    const http = { BATON_LEGACY_DRIVER: 'http', BATON_LEGACY_URL: 'http://legacy.invalid/sms' }
    const rehearsal = (value: string) => ({ BATON_LEGACY_REHEARSAL_URL: value })
    assert.equal(problems({ ...http, ...rehearsal('http://legacy.invalid/rehearse') }), 'none')
    assert.match(problems({ ...http, ...rehearsal('http://legacy.invalid:80/sms') }), /would send/)
    assert.match(problems({ ...http, ...rehearsal('legacy') }), /must be an http/)
    assert.match(problems(rehearsal('http://legacy.invalid/rehearse')), /only BATON_LEGACY_DRIVER=http/)
    assert.match(problems({ ...http, BATON_LEGACY_PRICE: '1,5' }), /amount/)
  })
})
