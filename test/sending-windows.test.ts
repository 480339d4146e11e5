// Times of day: what is bound to a window waits for its opening, by the ledger's clock; one-time codes never wait.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { uuidv7 } from 'uuidv7'
import { createClaims } from '../src/authority/claim.ts'
import { createDispatching } from '../src/authority/dispatch.ts'
import { windowAt, type Opening, type SendingWindow } from '../src/core/sending-window.ts'
import { parseProviders } from '../src/service/providers-file.ts'
import { createIsOpen, createOpenings, type BoundWindow } from '../src/service/sending-windows.ts'
import { testDatabase } from './support/database.ts'
import { serviceWith } from './support/service.ts'
import { eventually } from './support/system.ts'
import { routed, startVendor } from './support/vendors.ts'

const DAY_MINUTES = 1_440
const BOUND = [1, 2]
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString()

/** From and to so many minutes from now, by the clock of UTC. */
function around(fromMinutes: number, toMinutes: number): SendingWindow {
  const minute = Math.floor(Date.now() / 60_000) + DAY_MINUTES
  return {
    zone: 'UTC',
    fromMinute: (minute + fromMinutes) % DAY_MINUTES,
    toMinute: (minute + toMinutes) % DAY_MINUTES,
  }
}
const open = (): BoundWindow => ({ window: around(-120, 120), priorities: BOUND })
const shut = (): BoundWindow => ({ window: around(60, 120), priorities: BOUND })

describe('windows of countries and tenants', async () => {
  const database = await testDatabase()
  const vendor = await startVendor('alpha')
  const start = (bound: BoundWindow) =>
    serviceWith(database, () => [routed(vendor)], {
      windows: [{ ...bound, name: 'day', tenants: ['shop'], countries: ['US'] }],
    })
  const service = await start(shut())
  const shop = { tenant: 'shop' }
  const rows = (uuids: readonly string[]) =>
    service.ask<{ state: string; reason: string | null; minutes: number }>(
      `select state, reason, (extract(epoch from not_before - now()) / 60)::float8 as minutes
        from messaging.execution_authority where message_uuid in (${uuids.map((uuid) => `'${uuid}'`).join(',')})
        order by message_uuid`,
    )

  test('shut: the message waits for the next opening; codes, other tenants and other countries do not', async () => {
    const waiting = await service.accept([shop, { ...shop, priority: 'bulk' }])
    const free = await service.accept([
      { ...shop, priority: 'code' },
      { tenant: 'bank' },
      {},
      { ...shop, to: '+447700900123' },
    ])
    await service.until(free.uuids, 'sent')
    const deferred = await eventually(
      () => rows(waiting.uuids),
      (found) => found.every(({ minutes }) => minutes > 30),
    )
    for (const { state, minutes } of deferred) {
      assert.equal(state, 'claimed')
      assert.ok(minutes <= 60, `${minutes} minutes`)
    }
    for (const uuid of waiting.uuids) assert.ok(!vendor.sent.includes(uuid))
    assert.equal((await rows(waiting.uuids)).length, 2)
  })

  test('valid_until before the opening: void at once, and the log says why; after it: the message waits', async () => {
    const [voided, waiting] = (
      await service.accept([
        { ...shop, valid_until: inMs(20 * 60_000) },
        { ...shop, valid_until: inMs(90 * 60_000) },
      ])
    ).uuids
    const [row] = await service.until([voided ?? ''], 'void')
    assert.equal(row?.reason, 'valid_until passes before the sending window opens')
    assert.deepEqual(
      await service.ask(`select status, reason from messaging.go_sms_logs where message_uuid = '${voided}'`),
      [{ status: 'void', reason: 'valid_until passes before the sending window opens' }],
    )
    const [other] = await eventually(
      () => rows([waiting ?? '']),
      ([found]) => (found?.minutes ?? 0) > 30,
    )
    assert.equal(other?.state, 'claimed')
  })

  test('open: what waited is sent when its time has come, once', async () => {
    await service.stop()
    const later = await start(open())
    const fresh = await later.accept([shop])
    await later.until(fresh.uuids, 'sent')
    const waiting = await later.ask<{ message_uuid: string }>(
      `select message_uuid from messaging.execution_authority where state = 'claimed'`,
    )
    assert.equal(waiting.length, 3)
    await later.ask(`update messaging.execution_authority set not_before = now() where state = 'claimed'`)
    const uuids = waiting.map(({ message_uuid }) => message_uuid)
    await later.until(uuids, 'sent')
    assert.equal(new Set(vendor.sent).size, vendor.sent.length)
    await later.stop()
  })
})

describe('windows of providers', async () => {
  const database = await testDatabase()
  const [cheap, dear] = await Promise.all([startVendor('cheap'), startVendor('dear')])

  test('a provider that is shut comes after one that is open; codes go the cheapest way', async () => {
    const service = await serviceWith(database, () => [
      routed(cheap, { rule: { name: 'cheap', cost: 1 }, window: shut() }),
      routed(dear, { rule: { name: 'dear', cost: 2 } }),
    ])
    const { uuids } = await service.accept([{}, { priority: 'bulk' }, { priority: 'code' }])
    const sent = await service.until(uuids, 'sent')
    const providers = new Map(sent.map((row) => [row.message_uuid, row.provider]))
    assert.deepEqual(
      uuids.map((uuid) => providers.get(uuid)),
      ['dear', 'dear', 'cheap'],
    )
    await service.stop()
  })

  test('alone and shut: ordinary messages wait in its lane, codes pass them', async () => {
    const service = await serviceWith(database, () => [routed(cheap, { window: shut() })])
    const waiting = await service.accept([{}, {}])
    const code = await service.accept([{ priority: 'code' }])
    await service.until(code.uuids, 'sent')
    for (const { state } of await service.rows(waiting.uuids)) assert.equal(state, 'claimed')
    await service.stop()
    const opened = await serviceWith(database, () => [routed(cheap, { window: open() })])
    await opened.until(waiting.uuids, 'sent')
    await opened.stop()
  })
})

describe('the dispatch itself', async () => {
  const database = await testDatabase()
  const dispatching = createDispatching(database.service)
  const claims = createClaims(database.service, 5_000)
  const hour = 3_600_000
  const now = (): Opening[] => [{ opensMs: Date.now() - hour, closesMs: Date.now() + hour }]
  const others = (): Opening[] => [
    { opensMs: Date.now() - 3 * hour, closesMs: Date.now() - hour },
    { opensMs: Date.now() + hour, closesMs: Date.now() + 3 * hour },
  ]
  async function claimed(window: string): Promise<string> {
    const messageUuid = uuidv7()
    const message = { messageUuid, recipient: '+12025550100', sender: null, body: 'x', route: ['p'], window }
    await claims.accept([message])
    return messageUuid
  }
  const take = async (openings: Parameters<typeof dispatching.take>[2]) =>
    (await dispatching.take(10, 'p', openings)).map(({ permit }) => permit.messageUuid)

  test('claimed while its window was open and not dispatched before it shut: no permit until it opens', async () => {
    const [bound, free] = [await claimed('day'), await claimed('')]
    assert.deepEqual(await take({ openings: { windows: new Map([['day', others()]]) } }), [free])
    assert.deepEqual(await take({ openings: { windows: new Map([['day', others()]]) } }), [])
    assert.deepEqual(await take({ openings: { windows: new Map([['day', [...others(), ...now()]]]) } }), [
      bound,
    ])
  })

  test('a window that the file no longer names binds nobody', async () => {
    const bound = await claimed('gone')
    assert.deepEqual(await take({ openings: { windows: new Map([['day', others()]]) } }), [bound])
  })

  test('the same under a pace', async () => {
    await dispatching.preparePaces(['own'])
    const paces = [{ name: 'own', perSecond: 1_000, burst: 100 }]
    const [bound, free] = [await claimed('day'), await claimed('')]
    assert.deepEqual(await take({ paces, openings: { windows: new Map([['day', others()]]) } }), [free])
    const own = { openings: others(), priorities: BOUND }
    const isOpen = new Map([['day', now()]])
    assert.deepEqual(await take({ paces, openings: { windows: isOpen, own } }), [], 'the lane is shut')
    assert.deepEqual(await take({ paces, openings: { windows: isOpen } }), [bound])
  })
})

describe('what processes keep of a window', () => {
  const window: SendingWindow = { zone: 'Europe/Berlin', fromMinute: 480, toMinute: 1_200 }
  const hour = 3_600_000

  test('whether it is open is as fresh as if it were asked anew, forwards and backwards', () => {
    const isOpen = createIsOpen(window)
    const start = Date.parse('2027-03-27T00:00:00Z')
    const moments = Array.from({ length: 400 }, (_, n) => start + ((n * 7_919) % 96) * (hour / 2))
    for (const ms of moments)
      assert.equal(isOpen(ms), windowAt(window, ms).isOpen, new Date(ms).toISOString())
    assert.ok(moments.some(isOpen) && !moments.every(isOpen))
  })

  test('openings reach two days around now, also after the process has run for weeks or its clock went back', () => {
    let nowMs = Date.parse('2027-03-01T12:00:00Z')
    const openings = createOpenings([{ name: 'day', window, priorities: BOUND }], undefined, () => nowMs)
    for (const step of [0, hour / 2, hour, 24 * hour, 30 * 24 * hour, -40 * 24 * hour]) {
      nowMs += step
      const known = openings().windows.get('day') ?? []
      const isNow = known.some(({ opensMs, closesMs }) => opensMs <= nowMs && nowMs < closesMs)
      assert.equal(isNow, windowAt(window, nowMs).isOpen, new Date(nowMs).toISOString())
      assert.ok(
        known.some(({ opensMs }) => opensMs > nowMs) && known.some(({ closesMs }) => closesMs < nowMs),
      )
    }
  })
})

describe('the providers file', () => {
  const sandbox = { name: 'main', kind: 'sandbox', options: { url: 'http://127.0.0.1:1' } }
  const day = { name: 'day', zone: 'Europe/Berlin', from: '08:00', to: '20:00' }
  const problemsOf = (content: object) => {
    const parsed = parseProviders({ providers: [sandbox], ...content }, {})
    return 'problems' in parsed ? parsed.problems : []
  }

  test('windows become rules; without priorities they bind all but codes', () => {
    const parsed = parseProviders(
      {
        providers: [
          { ...sandbox, window: { zone: 'UTC', from: '22:00', to: '06:30', priorities: ['bulk'] } },
        ],
        windows: [{ ...day, countries: ['DE'], tenants: ['shop'] }],
      },
      {},
    )
    assert.ok('open' in parsed)
    const noEvents = {
      onReceipt: () => async () => {},
      onText: () => async () => {},
      onProblem: () => () => {},
    }
    const { list, windows } = parsed.open({ timeoutMs: 100, inFlightMax: 1, publicUrl: null })(noEvents)
    assert.deepEqual(list[0]?.window, {
      window: { zone: 'UTC', fromMinute: 1_320, toMinute: 390 },
      priorities: [2],
    })
    assert.deepEqual(windows, [
      {
        name: 'day',
        window: { zone: 'Europe/Berlin', fromMinute: 480, toMinute: 1_200 },
        priorities: [1, 2],
        countries: ['DE'],
        tenants: ['shop'],
      },
    ])
  })

  for (const [name, window, problem] of [
    ['a zone that is none', { ...day, zone: 'Europe/Atlantis' }, /day: zone Europe\/Atlantis: is not known/],
    ['a time that is none', { ...day, from: '24:00' }, /from/],
    [
      'a window that is never shut',
      { ...day, to: '08:00' },
      /day: a window from 08:00 to 08:00 is always open/,
    ],
    ['codes', { ...day, priorities: ['code'] }, /priorities/],
    ['a field it does not know', { ...day, days: ['mon'] }, /windows\/0/],
  ] as const) {
    test(`${name}: is refused`, () => assert.match(problemsOf({ windows: [window] }).join('\n'), problem))
  }

  test('a name twice, and a provider with a wrong zone: refused', () => {
    assert.match(problemsOf({ windows: [day, day] }).join('\n'), /day: stands there twice/)
    const wrong = { ...sandbox, window: { zone: 'X', from: '08:00', to: '20:00' } }
    assert.match(problemsOf({ providers: [wrong] }).join('\n'), /main: zone X: is not known/)
  })
})
