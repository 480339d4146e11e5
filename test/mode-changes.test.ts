// A mode change is acknowledged by every gateway that lives, and by none while an entry could still come in under
// the setting before.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import { uuidv7 } from 'uuidv7'
import type { ModeChanged, ModeChangeStatus, RecordedModeChange } from '../src/contract/gateway-api.ts'
import type { Database } from '../src/db/database.ts'
import { createEnter, type Arriving } from '../src/gateway/enter.ts'
import { createMessageMaps } from '../src/gateway/message-maps.ts'
import { changeMode } from '../src/gateway/mode-store.ts'
import { cliWith } from './support/cli.ts'
import { reservedNumbers } from './support/numbers.ts'
import { eventually, OPERATOR_KEY, SEND_KEY, startSystem, TENANT } from './support/system.ts'

const DAY_MS = 86_400_000
const system = await startSystem()
const second = await system.anotherGateway()
const { gateway: database, admin } = system.database
const [number] = reservedNumbers(1)
const cli = cliWith(() => ({
  BATON_GATEWAY_URL: system.gateway.url,
  BATON_OPERATOR_KEY: OPERATOR_KEY,
  DATABASE_URL: system.database.gatewayUrl,
}))

const change = async (mode: string, more: object = {}) =>
  (await system.call<ModeChanged>('PUT', '/operator/mode', { mode, reason: 'test', ...more }, OPERATOR_KEY))
    .body
const statusOf = async (epoch: number) =>
  (await system.call<ModeChangeStatus>('GET', `/operator/mode/changes/${epoch}`, undefined, OPERATOR_KEY))
    .body
const drained = (epoch: number) =>
  eventually(
    () => statusOf(epoch),
    (status) => status.drained,
  )
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('all live gateways acknowledge a change, whichever of them made it', async () => {
  const { epoch, change: first } = await change('SHADOW')
  assert.deepEqual([first.epoch, first.live], [epoch, 2])
  const status = await drained(epoch)
  assert.deepEqual(
    [status.live, status.acknowledged, status.acknowledged_by_all, status.in_flight_requests],
    [2, 2, true, 0],
  )
  assert.equal(new Set(status.gateways.map(({ owner }) => owner)).size, 2)
  for (const { gateway } of status.gateways) assert.match(gateway ?? '', / pid \d+$/)
  assert.deepEqual(status.held_by_service, { claimed: 0, dispatched: 0 })

  const later = await change('OFF')
  assert.equal((await statusOf(epoch)).superseded_by, later.epoch)
  await drained(later.epoch)
})

test('who may not operate is told nothing; a change that was not made is not found', async () => {
  const path = '/operator/mode/changes/1'
  assert.equal((await system.call('GET', path, undefined, null)).status, 401)
  assert.equal((await system.call('GET', path, undefined, SEND_KEY)).status, 403)
  assert.equal((await system.call('GET', '/operator/mode/changes', undefined, SEND_KEY)).status, 403)
  const none = await system.call('GET', '/operator/mode/changes/999999', undefined, OPERATOR_KEY)
  assert.equal(none.status, 404)
  const odd = await system.call('GET', '/operator/mode/changes/-1', undefined, OPERATOR_KEY)
  assert.equal(odd.status, 400)
})

test('a notification that gets lost only costs a moment', async () => {
  await system.sql('alter table legacy.mode_changes disable trigger announce_mode_change')
  const { epoch } = await change('SHADOW')
  assert.equal((await drained(epoch)).acknowledged, 2)
  await system.sql('alter table legacy.mode_changes enable trigger announce_mode_change')
})

test('a gateway that has lost its connection takes a new number and acknowledges under that', async () => {
  const before = await change('OFF')
  const owners = (await drained(before.epoch)).gateways.map(({ owner }) => owner)
  await system.sql(
    `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and classid = 6452334`,
  )
  const { epoch } = await change('SHADOW')
  const status = await eventually(
    () => statusOf(epoch),
    ({ drained: isDrained, live }) => isDrained && live === 2,
  )
  for (const { owner } of status.gateways) assert.ok(!owners.includes(owner))
})

describe('an entry that read the setting before', () => {
  test('holds up the acknowledgement of every gateway for as long as it can still insert', async () => {
    await change('OFF')
    const blocker = await admin.connect()
    try {
      // An insert that waits for another transaction to say whether its key is taken has its view of the mode already.
      await blocker.query('begin')
      await blocker.query(
        `insert into legacy.requests (request_id, tenant, idempotency_key, content_sha256, mode, ramp_percent, epoch,
           body, message_uuids, recipients, mentions, owner)
         values ('${uuidv7()}', '${TENANT}', 'wanted-by-two', '\\x00', 'OFF', 100, 1, 'x', '{${uuidv7()}}',
           '{${number}}', '{1}', 1)`,
      )
      const sending = system.send(
        { to: number!, body: 'before the change' },
        { 'idempotency-key': 'wanted-by-two' },
      )
      await eventually(
        () =>
          system.sql<{ n: number }>(
            `select count(*)::integer as n from pg_stat_activity
             where wait_event_type = 'Lock' and query like '%insert into legacy.requests%' and pid <> pg_backend_pid()`,
          ),
        (rows) => rows[0]?.n === 1,
      )
      const { epoch } = await change('SHADOW')
      for (let look = 0; look < 10; look++) {
        const status = await statusOf(epoch)
        assert.deepEqual([status.acknowledged, status.acknowledged_by_all, status.drained], [0, false, false])
        await sleep(50)
      }
      await blocker.query('rollback')
      assert.equal((await sending).body.mode, 'OFF', 'it was entered under the setting it read')
      await drained(epoch)
    } finally {
      await blocker.end()
    }
  })

  const arriving = (): Arriving => ({
    request: {
      requestId: uuidv7(),
      tenant: TENANT,
      body: 'raced',
      sender: null,
      ...createMessageMaps([number!]),
      keyed: false,
      terms: { priority: null, sendAt: null, validUntil: null, segmentsMax: null },
    },
    idempotencyKey: null,
    contentSha256: Buffer.alloc(32),
    reference: null,
  })

  /** The mode changes behind each reading, as often as is said. */
  function changingAfterReading(times: number): Database {
    let left = times
    return {
      ...database,
      async run(statement, parameters) {
        const rows = await database.run(statement, parameters)
        if (statement.name === 'gateway/mode-in-force' && left-- > 0) {
          await changeMode(database, { mode: 'SHADOW', reason: 'in between' }, 'test')
        }
        return rows
      },
    }
  }

  test('is entered under the setting that came in between', async () => {
    await change('OFF')
    const one = arriving()
    const entry = await createEnter(changingAfterReading(2), () => 1, 3_000, DAY_MS)(one)
    assert.ok(entry.kind === 'entered')
    assert.equal(entry.request.setting.mode, 'SHADOW')
    const rows = await system.sql<{ mode: string; epoch: number; latest: number }>(
      `select mode, epoch, (select max(epoch) from legacy.mode_changes) as latest from legacy.requests
       where request_id = '${one.request.requestId}'`,
    )
    assert.deepEqual(
      rows.map(({ mode, epoch, latest }) => [mode, epoch === latest]),
      [['SHADOW', true]],
    )
    // Nobody works on it: the settler ends it.
    await eventually(
      () => statusOf(entry.request.setting.epoch),
      ({ in_flight_requests }) => in_flight_requests === 0,
    )
  })

  test('is not entered when the mode never rests', async () => {
    const one = arriving()
    await assert.rejects(createEnter(changingAfterReading(100_000), () => 1, 1_000, DAY_MS)(one))
    const rows = await system.sql(
      `select 1 from legacy.requests where request_id = '${one.request.requestId}'`,
    )
    assert.deepEqual(rows, [])
  })
})

test('what a dead gateway left counts as in flight until the settler has ended it; then the change has drained', async () => {
  const before = await change('OFF')
  await drained(before.epoch)
  await system.sql(
    `insert into legacy.requests (request_id, tenant, content_sha256, mode, ramp_percent, epoch, body,
       message_uuids, recipients, mentions, owner)
     values ('${uuidv7()}', '${TENANT}', '\\x00', 'OFF', 100, ${before.epoch}, 'left', '{${uuidv7()}}', '{${number}}', '{1}', 1)`,
  )
  const { epoch } = await change('SHADOW')
  const acknowledged = await eventually(
    () => statusOf(epoch),
    (status) => status.acknowledged_by_all,
  )
  assert.deepEqual([acknowledged.live, acknowledged.in_flight_requests, acknowledged.drained], [2, 1, false])
  await drained(epoch)
})

test('a tenant’s change waits for what the tenant has under way, under whatever setting', async () => {
  const everyone = await change('OFF')
  await system.sql(
    `insert into legacy.requests (request_id, tenant, content_sha256, mode, ramp_percent, epoch, body,
       message_uuids, recipients, mentions, owner)
     values ('${uuidv7()}', 'acme', '\\x00', 'OFF', 100, ${everyone.epoch}, 'left', '{${uuidv7()}}', '{${number}}', '{1}', 1),
       ('${uuidv7()}', 'other', '\\x00', 'OFF', 100, ${everyone.epoch}, 'left', '{${uuidv7()}}', '{${number}}', '{1}', 1)`,
  )
  const own = await change('SHADOW', { tenant: 'acme' })
  assert.equal((await statusOf(own.epoch)).in_flight_requests, 1)
  await drained(own.epoch)
})

describe('two operators', () => {
  test('--if-epoch: of two changes on the same epoch one is made', async () => {
    const { epoch } = await change('OFF')
    const both = await Promise.all([
      system.mode('SHADOW', { if_epoch: epoch }),
      system.mode('ON', { if_epoch: epoch }),
    ])
    assert.deepEqual(
      both.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 409],
    )
    const refused = both.find(({ status }) => status === 409)?.body as { code: string; detail: string }
    assert.equal(refused.code, 'epoch_moved')
    assert.match(refused.detail, new RegExp(`for everyone is not ${epoch}; nothing was changed`))
  })

  test('a tenant without a setting of its own stands at everyone’s epoch, then at its own', async () => {
    const { epoch } = await change('OFF')
    assert.equal((await system.mode('ON', { tenant: 'two', if_epoch: epoch - 1 })).status, 409)
    const own = await change('ON', { tenant: 'two', if_epoch: epoch })
    assert.equal(own.scope, 'two')
    assert.equal((await system.mode('OFF', { tenant: 'two', if_epoch: epoch })).status, 409)
    assert.equal((await system.mode('OFF', { tenant: 'two', if_epoch: own.epoch })).status, 200)
  })

  test('changes get their numbers in the order of their commits', async () => {
    const clients = await Promise.all([admin.connect(), admin.connect()])
    const [first, other] = clients
    const insert = `insert into legacy.mode_changes (scope, mode, reason, actor)
      values ('order', 'OFF', 'test', 'test') returning epoch::integer as epoch`
    try {
      await first.query('begin')
      const early = (await first.query<{ epoch: number }>(insert)).rows[0]
      let isDone = false
      const waiting = other.query<{ epoch: number }>(insert).then(({ rows }) => {
        isDone = true
        return rows[0]
      })
      await sleep(200)
      assert.equal(isDone, false, 'the second waits for the first')
      await first.query('commit')
      assert.ok((early?.epoch ?? 0) < ((await waiting)?.epoch ?? 0))
    } finally {
      await Promise.all(clients.map((client) => client.end()))
    }
  })
})

describe('the history', () => {
  test('is append-only, for whoever asks', async () => {
    const attempts = [
      `update legacy.mode_changes set mode = 'ON'`,
      `delete from legacy.mode_changes`,
      `truncate legacy.mode_changes`,
    ]
    for (const text of attempts) {
      await assert.rejects(system.sql(text), { code: 'BA002' })
      await assert.rejects(database.run({ name: randomUUID(), text }), { code: '42501' })
    }
  })

  test('baton mode history: the latest first, in pages', async () => {
    const { epoch } = await change('OFF', { reason: 'for the history' })
    const { code, value } = await cli.json<{ changes: RecordedModeChange[] }>(
      'mode',
      'history',
      '--limit',
      '2',
    )
    assert.deepEqual([code, value.changes.length], [0, 2])
    const [latest, before] = value.changes
    assert.deepEqual(
      [latest?.epoch, latest?.reason, latest?.actor],
      [epoch, 'for the history', 'test operator'],
    )
    const page = await cli.json<{ changes: RecordedModeChange[] }>(
      'mode',
      'history',
      '--limit',
      '1',
      '--before',
      String(epoch),
    )
    assert.deepEqual(page.value.changes, [before])
    assert.match((await cli.run('mode', 'history')).out, /everyone +OFF +100 % .* for the history/)
  })
})

describe('baton mode set', () => {
  test('--wait: 0 when in force everywhere and drained; 1 when refused by --if-epoch; 2 for a wrong call', async () => {
    const waited = await cli.json<ModeChanged>('mode', 'set', 'SHADOW', '--reason', 'wait', '--wait')
    assert.deepEqual([waited.code, waited.value.mode, waited.value.change.drained], [0, 'SHADOW', true])
    const refused = await cli.run('mode', 'set', 'OFF', '--reason', 'late', '--if-epoch', '1')
    assert.equal(refused.code, 1)
    assert.match(refused.complaints, /nothing was changed/)
    assert.equal((await cli.run('mode', 'set', 'OFF', '--reason', 'x', '--timeout', '5s')).code, 2)
    assert.equal(
      (await cli.run('mode', 'set', 'OFF', '--reason', 'x', '--wait', '--timeout', 'soon')).code,
      2,
    )
  })

  test('--require-gates: the mode stays when a gate does not pass; the verdict is kept', async () => {
    await change('SHADOW')
    const held = await cli.json<{ mode_changed: boolean; gates: { verdict: string; reasons: string[] }[] }>(
      'mode',
      'set',
      'ON',
      '--reason',
      'flip',
      '--require-gates',
      'shadow-agreement',
    )
    assert.deepEqual([held.code, held.value.mode_changed], [3, false])
    assert.match(held.value.gates[0]?.reasons.join() ?? '', /needs 1000/)
    assert.equal((await cli.json<{ mode: string }>('mode', 'get')).value.mode, 'SHADOW')
    const kept = await system.sql<{ n: number }>(
      `select count(*)::integer as n from legacy.evidence where kind = 'verdict' and subject = 'shadow-agreement'`,
    )
    assert.equal(kept[0]?.n, 1)
    assert.equal(
      (await cli.run('mode', 'set', 'ON', '--reason', 'flip', '--require-gates', 'none-such')).code,
      2,
    )
    const passed = await cli.run('mode', 'set', 'ON', '--reason', 'flip', '--require-gates', 'grants-right')
    assert.equal(passed.code, 0, passed.complaints)
    const back = await cli.run(
      'mode',
      'set',
      'OFF',
      '--reason',
      'back',
      '--require-gates',
      'shadow-agreement',
    )
    assert.equal(back.code, 0, 'what goes back to the legacy side is never held up')
  })
})

test('a gateway that ends in order blocks nothing', async () => {
  await second.stop()
  const { epoch } = await change('SHADOW')
  assert.equal((await drained(epoch)).live, 1)
})
