import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { isZone, openingsBetween, windowAt, type SendingWindow } from './sending-window.ts'

const at = (text: string): number => Date.parse(text)
const show = (ms: number): string => new Date(ms).toISOString()
const minutes = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3))
const windowOf = (zone: string, from: string, to: string): SendingWindow => ({
  zone,
  fromMinute: minutes(from),
  toMinute: minutes(to),
})

// [zone, from, to, moment, open?, changes at]
const cases: [string, string, string, string, string, boolean, string][] = [
  [
    'winter',
    'Europe/Berlin',
    '08:00',
    '20:00',
    '2027-01-15T06:59:59.999Z',
    false,
    '2027-01-15T07:00:00.000Z',
  ],
  [
    'the first moment',
    'Europe/Berlin',
    '08:00',
    '20:00',
    '2027-01-15T07:00:00Z',
    true,
    '2027-01-15T19:00:00.000Z',
  ],
  [
    'the last',
    'Europe/Berlin',
    '08:00',
    '20:00',
    '2027-01-15T18:59:59.999Z',
    true,
    '2027-01-15T19:00:00.000Z',
  ],
  [
    'shut for the night',
    'Europe/Berlin',
    '08:00',
    '20:00',
    '2027-01-15T19:00:00Z',
    false,
    '2027-01-16T07:00:00.000Z',
  ],
  ['summer', 'Europe/Berlin', '08:00', '20:00', '2027-07-15T06:00:00Z', true, '2027-07-15T18:00:00.000Z'],
  [
    'the night the clock goes forward',
    'Europe/Berlin',
    '08:00',
    '20:00',
    '2027-03-27T19:00:00Z',
    false,
    '2027-03-28T06:00:00.000Z',
  ],
  [
    'the night it goes back',
    'Europe/Berlin',
    '08:00',
    '20:00',
    '2027-10-30T18:00:00Z',
    false,
    '2027-10-31T07:00:00.000Z',
  ],
  [
    'opens inside the hour that is skipped: at its end',
    'Europe/Berlin',
    '02:30',
    '20:00',
    '2027-03-28T00:00:00Z',
    false,
    '2027-03-28T01:00:00.000Z',
  ],
  [
    'shuts inside it: at its beginning',
    'Europe/Berlin',
    '00:00',
    '02:30',
    '2027-03-28T00:00:00Z',
    true,
    '2027-03-28T01:00:00.000Z',
  ],
  [
    'lies inside it: not on that day',
    'Europe/Berlin',
    '02:15',
    '02:45',
    '2027-03-28T00:30:00Z',
    false,
    '2027-03-29T00:15:00.000Z',
  ],
  [
    'lies in the hour that is repeated: open',
    'Europe/Berlin',
    '02:15',
    '02:45',
    '2027-10-31T00:20:00Z',
    true,
    '2027-10-31T00:45:00.000Z',
  ],
  [
    'and open again',
    'Europe/Berlin',
    '02:15',
    '02:45',
    '2027-10-31T00:45:00Z',
    false,
    '2027-10-31T01:15:00.000Z',
  ],
  [
    'shuts in it: opens once more',
    'Europe/Berlin',
    '00:00',
    '02:30',
    '2027-10-31T00:30:00Z',
    false,
    '2027-10-31T01:00:00.000Z',
  ],
  [
    'over midnight, before',
    'Europe/Berlin',
    '22:00',
    '06:00',
    '2027-01-15T22:30:00Z',
    true,
    '2027-01-16T05:00:00.000Z',
  ],
  [
    'over midnight, after',
    'Europe/Berlin',
    '22:00',
    '06:00',
    '2027-01-16T04:59:00Z',
    true,
    '2027-01-16T05:00:00.000Z',
  ],
  [
    'over midnight, shut',
    'Europe/Berlin',
    '22:00',
    '06:00',
    '2027-01-16T05:00:00Z',
    false,
    '2027-01-16T21:00:00.000Z',
  ],
  [
    'over midnight and the change',
    'Europe/Berlin',
    '22:00',
    '06:00',
    '2027-03-27T21:00:00Z',
    true,
    '2027-03-28T04:00:00.000Z',
  ],
  [
    'half an hour off',
    'Asia/Kolkata',
    '09:00',
    '21:00',
    '2027-01-15T03:29:00Z',
    false,
    '2027-01-15T03:30:00.000Z',
  ],
  [
    'three quarters off',
    'Asia/Kathmandu',
    '09:00',
    '21:00',
    '2027-01-15T03:14:00Z',
    false,
    '2027-01-15T03:15:00.000Z',
  ],
  [
    'a change of half an hour',
    'Australia/Lord_Howe',
    '02:10',
    '02:20',
    '2027-10-02T15:20:00Z',
    false,
    '2027-10-03T15:10:00.000Z',
  ],
  [
    'west of Greenwich',
    'America/St_Johns',
    '08:00',
    '20:00',
    '2027-01-15T11:29:00Z',
    false,
    '2027-01-15T11:30:00.000Z',
  ],
  ['UTC', 'UTC', '08:00', '20:00', '2027-01-15T08:00:00Z', true, '2027-01-15T20:00:00.000Z'],
]

describe('windowAt', () => {
  for (const [name, zone, from, to, moment, isOpen, until] of cases) {
    test(`${zone} ${from}-${to}, ${name}`, () => {
      const state = windowAt(windowOf(zone, from, to), at(moment))
      assert.deepEqual([state.isOpen, show(state.untilMs)], [isOpen, until])
    })
  }

  test('a window that begins when it ends is always open', () => {
    const always = windowOf('Europe/Berlin', '08:00', '08:00')
    assert.deepEqual(windowAt(always, 0), { isOpen: true, untilMs: Number.POSITIVE_INFINITY })
    assert.deepEqual(openingsBetween(always, 5, 9), [{ opensMs: 5, closesMs: Number.POSITIVE_INFINITY }])
  })

  const zones = [
    'Europe/Berlin', 'Europe/Dublin', 'America/New_York', 'America/St_Johns', 'Australia/Lord_Howe',
    'Asia/Kathmandu', 'Africa/Casablanca', 'Pacific/Apia', 'Pacific/Chatham', 'America/Santiago',
    'Asia/Gaza', 'UTC',
  ] // prettier-ignore
  // The oracle asks the runtime for the wall clock minute by minute, and knows nothing of offsets.
  const clocks = new Map<string, Intl.DateTimeFormat>()
  function readsOpen({ zone, fromMinute, toMinute }: SendingWindow, ms: number): boolean {
    const clock =
      clocks.get(zone) ??
      new Intl.DateTimeFormat('en-GB', {
        timeZone: zone,
        hour: '2-digit',
        minute: '2-digit',
        hourCycle: 'h23',
      })
    clocks.set(zone, clock)
    const minute = minutes(clock.format(ms))
    if (fromMinute === toMinute) return true
    return fromMinute < toMinute
      ? minute >= fromMinute && minute < toMinute
      : minute >= fromMinute || minute < toMinute
  }

  test('it says what the clock on the wall says, and changes when that does (property)', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.nat(1_439),
        fc.nat(1_439),
        // 2026 to 2029, the hours around changes of the clock among them.
        fc.integer({ min: at('2026-01-01T00:00:00Z') / 60_000, max: at('2029-01-01T00:00:00Z') / 60_000 }),
        (zone, fromMinute, toMinute, minute) => {
          const window = { zone, fromMinute, toMinute }
          const { isOpen, untilMs } = windowAt(window, minute * 60_000)
          assert.equal(isOpen, readsOpen(window, minute * 60_000))
          if (fromMinute === toMinute) return
          for (let ms = minute * 60_000; ms < untilMs; ms += 7 * 60_000)
            assert.equal(readsOpen(window, ms), isOpen)
          assert.equal(readsOpen(window, untilMs - 1), isOpen, `still at ${show(untilMs - 1)}`)
          assert.equal(readsOpen(window, untilMs), !isOpen, `no longer at ${show(untilMs)}`)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('the same on every minute of the days the clock changes', () => {
    const days: [string, string][] = [
      ['Europe/Berlin', '2027-03-28'],
      ['Europe/Berlin', '2027-10-31'],
      ['America/New_York', '2027-03-14'],
      ['America/New_York', '2027-11-07'],
      ['Australia/Lord_Howe', '2027-04-03'],
      ['America/Santiago', '2027-09-04'],
    ]
    for (const [zone, day] of days) {
      const window = windowOf(zone, '01:30', '02:30')
      const start = at(`${day}T00:00:00Z`) - 12 * 3_600_000
      for (let minute = 0; minute < 48 * 60; minute += 1) {
        const ms = start + minute * 60_000
        assert.equal(windowAt(window, ms).isOpen, readsOpen(window, ms), `${zone} ${show(ms)}`)
      }
    }
  })
})

test('openings are in order and do not touch; each is open inside and shut around', () => {
  const window = windowOf('Europe/Berlin', '22:00', '06:00')
  const from = at('2027-03-26T12:00:00Z')
  const openings = openingsBetween(window, from, from + 3 * 86_400_000)
  assert.deepEqual(
    openings.map(({ opensMs, closesMs }) => (closesMs - opensMs) / 3_600_000),
    [8, 7, 8],
    'the night of the change is an hour shorter',
  )
})

test('zones are those the runtime knows', () => {
  assert.ok(isZone('Europe/Berlin') && isZone('UTC'))
  assert.ok(!isZone('Europe/Atlantis') && !isZone(''))
})
