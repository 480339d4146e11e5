// The whole of Baton by the functions of the CLI: OFF, SHADOW, ON, and kill -9 of the service in the middle.
import assert from 'node:assert/strict'
import { after, before, describe, it, test } from 'node:test'
import type { SendResponse } from '../contract/gateway-api.ts'
import {
  leave,
  ownPlace,
  startUp,
  until,
  type Place,
  type ReadyLine,
  type UpProcess,
} from '../supervisor/up-fixture.ts'
import { clearCarrierFaults, setCarrierFaults, showCarrierFaults } from './carrier-faults.ts'
import { readCarrierLog, type LoggedText } from './carrier-log.ts'
import { migrateDatabases } from './db-migrate.ts'
import { setFaults, showFaults } from './faults.ts'
import { readMessage, type HistoryView } from './message.ts'
import { getMode } from './mode.ts'
import { setMode } from './mode-set.ts'
import { send } from './send.ts'
import type { Outcome } from './shell.ts'
import { readStatus } from './status.ts'

function done<Value>(outcome: Outcome<Value>): Value {
  assert.ok(outcome.kind === 'done', JSON.stringify(outcome))
  return outcome.value
}

describe('the CLI against a running Baton', () => {
  let place: Place
  let up: UpProcess
  let ready: ReadyLine
  const all: string[] = []

  before(async () => {
    place = await ownPlace()
    up = startUp(place, {
      settings: { BATON_PROVIDER_TIMEOUT_MS: '1000', BATON_IN_DOUBT_AFTER_MS: '2000' },
    })
    ready = await up.ready
  })
  after(() => leave(place))

  const sendTo = async (areaCode: number, count: number): Promise<SendResponse> => {
    const to = Array.from({ length: count }, (_, index) => `+1${areaCode}5550${100 + index}`)
    const answer = done(await send(up.reach(), { to, body: `to ${areaCode}` }))
    all.push(...answer.messages.map(({ message_uuid }) => message_uuid))
    return answer
  }
  const uuidOf = ({ messages }: SendResponse): string => messages[0]?.message_uuid ?? ''
  const logged = async (): Promise<LoggedText[]> => done(await readCarrierLog(up.reach()))
  const history = async (uuid: string): Promise<HistoryView> => done(await readMessage(up.reach(), uuid))
  const settled = () =>
    until(async () => {
      const { gateway } = done(await readStatus(up.reach()))
      const underWay = gateway.ledger?.filter(({ state }) => state !== 'in_doubt') ?? ['unknown']
      return underWay.length + gateway.open_requests + gateway.unresolved_messages === 0
    }, 'every message has an outcome')

  it('OFF: the legacy side sends', async () => {
    assert.equal(done(await getMode(up.reach())).mode, 'OFF')
    const answer = await sendTo(202, 2)
    assert.deepEqual(
      answer.messages.map(({ source, status }) => [source, status]),
      [
        ['legacy', 'sent'],
        ['legacy', 'sent'],
      ],
    )
    const entries = done(await readCarrierLog(up.reach(), { reference: uuidOf(answer) }))
    assert.deepEqual(
      entries.map(({ account, to }) => [account, to]),
      [['legacy', '+12025550100']],
    )
  })

  it('SHADOW: the legacy side sends, the service runs dry', async () => {
    done(await setMode(up.reach(), { mode: 'SHADOW', reason: 'compare' }))
    const uuid = uuidOf(await sendTo(303, 1))
    await until(async () => (await history(uuid)).sms_logs.length === 2, 'the dry run is logged')
    const { sms_logs, go_sms_logs } = await history(uuid)
    assert.deepEqual(
      sms_logs.map(({ source, dry_run }) => [source, dry_run]),
      [
        ['legacy', false],
        ['go', true],
      ],
    )
    assert.deepEqual(
      go_sms_logs.map(({ dry_run }) => dry_run),
      [true],
    )
    const entries = done(await readCarrierLog(up.reach(), { reference: uuid }))
    assert.deepEqual(
      entries.map(({ account }) => account),
      ['legacy'],
    )
  })

  it('ON: the service sends, for one tenant or everyone', async () => {
    const changed = done(await setMode(up.reach(), { mode: 'ON', tenant: 'demo', reason: 'one first' }))
    assert.equal(changed.scope, 'demo')
    done(await setMode(up.reach(), { mode: 'ON', reason: 'all' }))
    const view = done(await getMode(up.reach()))
    assert.deepEqual([view.mode, view.tenants.map(({ mode }) => mode)], ['ON', ['ON']])
    const uuid = uuidOf(await sendTo(404, 1))
    await settled()
    const { ledger } = await history(uuid)
    assert.deepEqual([ledger?.state, ledger?.holder], ['sent', 'go'])
    const entries = done(await readCarrierLog(up.reach(), { reference: uuid }))
    assert.deepEqual(
      entries.map(({ account }) => account),
      ['service'],
    )
    await until(
      async () => (await history(uuid)).sms_logs[0]?.delivery_status === 'delivered',
      'the carrier says that it was delivered, and sms_logs knows',
    )
  })

  it('ON with the service killed -9 while it is idle: each message goes out exactly once', async () => {
    await settled()
    process.kill(ready.pids['service'] ?? 0, 'SIGKILL')
    await Promise.all([505, 606, 707].map((areaCode) => sendTo(areaCode, 20)))
    await until(
      async () => done(await readStatus(up.reach())).programs.every(({ health }) => health === 'healthy'),
      'the service is back',
    )
    await sendTo(808, 20)
    await settled()
    const references = (await logged()).map(({ reference }) => reference)
    assert.deepEqual(new Set(references), new Set(all))
    assert.equal(references.length, all.length, 'none twice')
  })

  it('ON with the service killed -9 under load: none twice, and every other one is known to be in doubt', async () => {
    const before = [...up.log().matchAll(/^service .*as process (\d+)/gm)].at(-1)?.[1]
    done(await setCarrierFaults(up.reach(), 'service', { answer_late_ms: 20 }))
    const sending = Promise.all([213, 214, 215, 216, 217, 218].map((areaCode) => sendTo(areaCode, 50)))
    await until(async () => (await logged()).some(({ to }) => to.startsWith('+121')), 'it has begun to send')
    process.kill(Number(before), 'SIGKILL')
    await sending
    await settled()
    const references = (await logged()).map(({ reference }) => reference)
    assert.equal(new Set(references).size, references.length, 'none twice')
    assert.ok(references.every((reference) => reference !== null && all.includes(reference)))
    const missing = all.filter((uuid) => !references.includes(uuid))
    for (const uuid of missing) assert.equal((await history(uuid)).ledger?.state, 'in_doubt', uuid)
  })

  it('shows and sets the faults between gateway and service, and at the carrier', async () => {
    assert.deepEqual(done(await setFaults(up.reach(), { delay_ms: 5, swallow: true })), {
      delay_ms: 5,
      swallow: true,
    })
    const { counters, ...setting } = done(await showFaults(up.reach()))
    assert.deepEqual(setting, { delay_ms: 5, swallow: true })
    assert.ok(counters.connections > 0, 'the gateway reaches the service through the proxy')
    assert.deepEqual(done(await setFaults(up.reach(), {})), {})
    done(await setCarrierFaults(up.reach(), 'legacy', { refuse: 0.5 }))
    const faults = done(await setCarrierFaults(up.reach(), 'service', { latency_ms: 1 }))
    assert.deepEqual(
      faults,
      { legacy: { refuse: 0.5 }, service: { latency_ms: 1 } },
      'the other account keeps its own',
    )
    done(await clearCarrierFaults(up.reach()))
    assert.deepEqual(done(await showCarrierFaults(up.reach())), { legacy: {}, service: {} })
  })

  it('says what the gateway says of a refusal', async () => {
    const refused = await send(up.reach(), { to: ['12345'], body: 'x' })
    assert.equal(refused.kind, 'refused')
    const unknown = await readMessage(up.reach(), '00000000-0000-7000-8000-000000000000')
    assert.deepEqual(unknown, {
      kind: 'refused',
      detail: 'message 00000000-0000-7000-8000-000000000000: is not known',
    })
  })
})

const skip = process.env['BATON_TEST_ADMIN_URL'] ? false : 'no server: run the tests by npm test'

test('db migrate makes what is missing, and again does nothing', { skip }, async (t) => {
  const place = await ownPlace()
  t.after(() => leave(place))
  const adminUrl = place.environment['DATABASE_URL'] ?? ''
  const { ran } = done(await migrateDatabases({ adminUrl }))
  assert.ok(
    ran.some((name) => name.startsWith('legacy/')) && ran.some((name) => name.startsWith('messaging/')),
  )
  assert.deepEqual(done(await migrateDatabases({ adminUrl })), { ran: [] })
})
