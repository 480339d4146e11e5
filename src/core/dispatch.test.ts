// The pure decisions of dispatch: routes, what follows an attempt, whether a provider is worth one.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ATTEMPTS_MAX, nextAttempt, type ProvenFailure } from './next-attempt.ts'
import {
  afterAttempt,
  FAILURES_MAX,
  healthAt,
  roomFor,
  well,
  type ProviderHealth,
} from './provider-health.ts'
import { routeFor } from './route.ts'

const to = (n: number, more: { country?: string; tenant?: string } = {}) => ({
  messageUuid: `message-${n}`,
  country: more.country ?? null,
  tenant: more.tenant ?? null,
})

describe('routes', () => {
  test('cheaper first; by country and tenant only who takes them', () => {
    const rules = [
      { name: 'dear', cost: 2 },
      { name: 'cheap', cost: 1, countries: ['US'] },
      { name: 'own', cost: 0, tenants: ['acme'] },
    ]
    assert.deepEqual(routeFor(to(1), rules), ['dear'])
    assert.deepEqual(routeFor(to(1, { country: 'US' }), rules), ['cheap', 'dear'])
    assert.deepEqual(routeFor(to(1, { country: 'GB', tenant: 'acme' }), rules), ['own', 'dear'])
    assert.deepEqual(routeFor(to(1), [{ name: 'gb', countries: ['GB'] }]), [])
    assert.deepEqual(routeFor(to(1, { tenant: 'other' }), rules), ['dear'])
  })

  test('without a cost a provider is free, and goes before one that is not', () => {
    assert.deepEqual(routeFor(to(1), [{ name: 'paid', cost: 0.5 }, { name: 'free' }]), ['free', 'paid'])
    const credited = [{ name: 'free' }, { name: 'credited', cost: -0.5 }]
    assert.deepEqual(routeFor(to(1), credited), ['credited', 'free'])
  })

  test('every process and version draws alike: a message that is looked at again goes the same way', () => {
    const rules = [{ name: 'a', weight: 2 }, { name: 'b' }, { name: 'c', weight: 0.5 }]
    const routes = Array.from({ length: 24 }, (_, n) => routeFor(to(n), rules).join(''))
    assert.equal(
      routes.join(' '),
      'abc bac cab abc abc bca bac abc abc cba bac abc bac acb acb acb abc bca bac abc abc cab cab acb',
    )
  })

  test('at equal cost the first places fall by weight, the same for the same message; weight 0 comes last', () => {
    const rules = [{ name: 'a', weight: 3 }, { name: 'b' }, { name: 'spare', weight: 0 }]
    const routes = Array.from({ length: 8_000 }, (_, n) => routeFor(to(n), rules))
    const first = routes.filter(([name]) => name === 'a').length
    assert.ok(first > 5_700 && first < 6_300, `a is first ${first} times of 8,000`)
    assert.ok(routes.every((route) => route[2] === 'spare'))
    assert.deepEqual(routeFor(to(7), rules), routes[7])
  })
})

describe('what follows an attempt', () => {
  const soFar = { attempts: 1, provider: 'a', route: ['a', 'b'] }
  const cases: [string, ProvenFailure, Partial<typeof soFar>, string | null, number][] = [
    ['a refused message ends', { kind: 'refused', blames: 'message' }, {}, null, 0],
    ['a refusal that blames nobody ends', { kind: 'refused' }, {}, null, 0],
    ['a refused account: the next at once', { kind: 'refused', blames: 'account' }, {}, 'b', 0],
    ['a refused pace: the next at once', { kind: 'refused', blames: 'pace', retryAfterMs: 9 }, {}, 'b', 0],
    ['not sent: the next at once', { kind: 'not_sent' }, {}, 'b', 0],
    [
      'after the last the first, with a pause',
      { kind: 'not_sent' },
      { provider: 'b', attempts: 2 },
      'a',
      500,
    ],
    [
      'alone and refused for ever: the end',
      { kind: 'refused', blames: 'account' },
      { route: ['a'] },
      null,
      0,
    ],
    ['alone and not there: again, later', { kind: 'not_sent' }, { route: ['a'] }, 'a', 250],
    [
      'alone and too fast: when it says',
      { kind: 'refused', retryAfterMs: 7_000 },
      { route: ['a'] },
      'a',
      7_000,
    ],
    ['without a route: the same again', { kind: 'not_sent' }, { route: [] }, 'a', 250],
    ['no more than so many', { kind: 'not_sent' }, { attempts: ATTEMPTS_MAX }, null, 0],
  ]
  for (const [name, failure, more, provider, pauseMs] of cases) {
    test(name, () => {
      const next = nextAttempt(failure, { ...soFar, ...more }, 0)
      assert.deepEqual(next, provider === null ? { kind: 'none' } : { kind: 'again', provider, pauseMs })
    })
  }

  test('pauses double from half a second on, between half of it and all of it', () => {
    const pauses = (share: number) =>
      [1, 2, 3, 7].map((attempts) => {
        const next = nextAttempt({ kind: 'not_sent' }, { attempts, provider: 'a', route: [] }, share)
        return next.kind === 'again' ? next.pauseMs : 0
      })
    assert.deepEqual(pauses(0), [250, 500, 1_000, 16_000])
    assert.deepEqual(pauses(0.5), [375, 750, 1_500, 24_000])
    assert.deepEqual(pauses(1), [500, 1_000, 2_000, 32_000])
    assert.equal(ATTEMPTS_MAX, 8)
  })

  test('however it fails, the attempts are bounded and the pauses too', () => {
    const failures = fc.constantFrom<ProvenFailure>({ kind: 'not_sent' }, { kind: 'refused', blames: 'pace' })
    fc.assert(
      fc.property(
        fc.array(failures, { minLength: 20 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (all, share) => {
          let provider = 'a'
          let attempts = 0
          for (const failure of all) {
            attempts++
            const next = nextAttempt(failure, { attempts, provider, route: ['a', 'b', 'c'] }, share)
            if (next.kind === 'none') break
            assert.ok(next.pauseMs >= 0 && next.pauseMs <= 60_000)
            provider = next.provider
          }
          assert.equal(attempts, ATTEMPTS_MAX)
        },
      ),
    )
  })
})

describe('the health of a provider', () => {
  const fail = (health: ProviderHealth, nowMs: number) => afterAttempt(health, { kind: 'failed' }, nowMs, 0.5)
  const failing = (times: number) => {
    let health: ProviderHealth = well
    for (let n = 0; n < times; n++) health = fail(health, 0)
    return health
  }

  test('failures in a row pause it; one success in between starts anew', () => {
    assert.equal(failing(FAILURES_MAX - 1).kind, 'well')
    assert.equal(failing(FAILURES_MAX).kind, 'paused')
    assert.deepEqual(afterAttempt(failing(FAILURES_MAX - 1), { kind: 'served' }, 0, 0), well)
  })

  test('after the pause one message probes; a failure doubles the pause, a success ends it', () => {
    const paused = failing(FAILURES_MAX)
    assert.equal(roomFor(healthAt(paused, 999), 0, 8), 0)
    const probing = healthAt(paused, 1_001)
    assert.deepEqual([roomFor(probing, 0, 8), roomFor(probing, 1, 8)], [1, 0])
    const again = fail(probing, 2_000)
    assert.deepEqual(again, { kind: 'paused', untilMs: 4_000, pauseMs: 2_000 })
    assert.deepEqual(afterAttempt(probing, { kind: 'served' }, 2_000, 0), well)
  })

  test('five failures, then a second, and never more than a minute; probes are spread by a quarter', () => {
    assert.equal(FAILURES_MAX, 5)
    const untilMs = (share: number) => afterAttempt(failing(4), { kind: 'failed' }, 100, share)
    assert.deepEqual(untilMs(0), { kind: 'paused', untilMs: 850, pauseMs: 1_000 })
    assert.deepEqual(untilMs(1), { kind: 'paused', untilMs: 1_350, pauseMs: 1_000 })
    const probing = { kind: 'probing', pauseMs: 50_000 } as const
    assert.deepEqual(fail(probing, 0), { kind: 'paused', untilMs: 60_000, pauseMs: 60_000 })
  })

  test('one that is well has room for what is not under way, and never less than none', () => {
    assert.deepEqual(
      [0, 3, 8, 9].map((inFlight) => roomFor(well, inFlight, 8)),
      [8, 5, 0, 0],
    )
  })

  test('what began before a pause does not lengthen it; a refused pace is no illness', () => {
    const paused = failing(FAILURES_MAX)
    assert.deepEqual(fail(paused, 500), paused)
    const slow = afterAttempt(well, { kind: 'slow_down', forMs: 300 }, 0, 0)
    assert.equal(roomFor(healthAt(slow, 299), 0, 8), 0)
    assert.deepEqual(healthAt(slow, 300), well)
  })
})
