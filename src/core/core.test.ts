import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { authorityStates, type AuthorityRow, type Holder } from './authority-state.ts'
import { fallbackOf, fallbacks, type CallFailure, type CallOutcome, type Fallback } from './evidence.ts'
import {
  messageStatuses,
  outcomeFromLedger,
  unresolvedOutcome,
  type MessageOutcome,
} from './message-outcome.ts'
import { cohortOf, effectiveMode, modes, settingFor, type ModeSetting } from './mode.ts'
import { settleQuota } from './quota.ts'

const setting = (changes: Partial<ModeSetting>): ModeSetting => ({
  scope: '*',
  mode: 'ON',
  rampPercent: 100,
  epoch: 1,
  ...changes,
})

test('the words are these: what loops over them below has looked at each', () => {
  assert.deepEqual(modes, ['OFF', 'SHADOW', 'ON'])
  assert.deepEqual(authorityStates, ['claimed', 'dispatched', 'sent', 'refused', 'in_doubt', 'void'])
  assert.deepEqual(messageStatuses, [
    'sent',
    'accepted',
    'duplicate',
    'rejected',
    'failed',
    'unresolved',
    'scheduled',
  ])
  assert.deepEqual(fallbacks, ['timeout', 'transport', 'breaker_open'])
})

describe('mode', () => {
  test('a ramp only grows: who is ON at p percent is ON at every higher one (property)', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat(100), fc.nat(100), (tenant, recipient, a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a]
        const at = (rampPercent: number) => effectiveMode(setting({ rampPercent }), tenant, recipient)
        assert.ok(at(low) !== 'ON' || at(high) === 'ON')
        assert.equal(at(0), 'SHADOW')
        assert.equal(at(100), 'ON')
      }),
    )
  })

  test('cohorts are spread evenly over numbers that follow each other', () => {
    for (const percent of [1, 5, 25, 50]) {
      const on = Array.from({ length: 20_000 }, (_, n) => `+1202555${String(n).padStart(5, '0')}`).filter(
        (recipient) => effectiveMode(setting({ rampPercent: percent }), 'demo', recipient) === 'ON',
      ).length
      assert.ok(Math.abs(on / 200 - percent) < 0.75, `${percent} %: ${on / 200}`)
    }
  })

  test('a cohort is stable: these values may never change, or a ramp would reshuffle people', () => {
    assert.deepEqual(
      ['+12025550100', '+12025550101', '+447700900123'].map((recipient) => cohortOf('demo', recipient)),
      [8204, 4656, 5118],
    )
  })

  test('a ramp of p percent takes the cohorts below p hundred, and no other', () => {
    const inCohort = (cohort: number): string => {
      for (let n = 0; n < 1_000_000; n++) if (cohortOf('demo', `r${n}`) === cohort) return `r${n}`
      return assert.fail(`nobody is in cohort ${cohort}`)
    }
    for (const percent of [1, 50, 99]) {
      const modeOf = (cohort: number) =>
        effectiveMode(setting({ rampPercent: percent }), 'demo', inCohort(cohort))
      assert.deepEqual([modeOf(percent * 100 - 1), modeOf(percent * 100)], ['ON', 'SHADOW'], `${percent} %`)
    }
  })

  test('a ramp touches ON alone; a tenant of its own setting goes before everyone', () => {
    assert.equal(effectiveMode(setting({ mode: 'OFF', rampPercent: 1 }), 't', 'r'), 'OFF')
    assert.equal(effectiveMode(setting({ mode: 'SHADOW', rampPercent: 1 }), 't', 'r'), 'SHADOW')
    const all = [setting({ mode: 'OFF' }), setting({ scope: 'acme', mode: 'ON' })]
    assert.equal(settingFor(all, 'acme')?.mode, 'ON')
    assert.equal(settingFor(all, 'other')?.mode, 'OFF')
    assert.equal(settingFor([], 'other'), undefined)
  })
})

describe('evidence', () => {
  const failures: Record<string, [CallFailure['kind'], Fallback]> = {
    breaker_open: ['not_sent', 'breaker_open'],
    dns: ['not_sent', 'transport'],
    connection_refused: ['not_sent', 'transport'],
    tls: ['not_sent', 'transport'],
    queue_timeout: ['not_sent', 'timeout'],
    timeout: ['ambiguous', 'timeout'],
    reset: ['ambiguous', 'transport'],
    unreadable_answer: ['ambiguous', 'transport'],
    foreign_error: ['ambiguous', 'transport'],
    no_verdict: ['ambiguous', 'transport'],
  }
  for (const [cause, [kind, word]] of Object.entries(failures)) {
    test(`${kind}: ${cause} is reported as ${word}`, () => {
      assert.equal(fallbackOf({ kind, cause, detail: '' } as CallFailure), word)
    })
  }

  test('I8: falling back on an answer does not compile', () => {
    const outcome = ((): CallOutcome => ({ kind: 'answer', verdict: 'rejected' }))()
    // @ts-expect-error an answer is no evidence for a fallback
    const use = () => fallbackOf(outcome)
    assert.equal(typeof use, 'function')
    if (outcome.kind !== 'answer') fallbackOf(outcome) // narrowed: this one does
  })
})

describe('outcomes and quota', () => {
  const row = (state: AuthorityRow['state'], holder: Holder | null): AuthorityRow => ({
    messageUuid: 'm',
    state,
    holder,
    epoch: 1,
    attemptToken: 't',
    provider: null,
    providerMessageId: null,
    reason: null,
    heldUntil: null,
  })
  const expected: Record<AuthorityRow['state'], { go: string; legacy: string; pending: boolean }> = {
    claimed: { go: 'accepted', legacy: 'unresolved', pending: true },
    dispatched: { go: 'accepted', legacy: 'unresolved', pending: true },
    sent: { go: 'accepted', legacy: 'sent', pending: false },
    refused: { go: 'accepted', legacy: 'failed', pending: false },
    in_doubt: { go: 'accepted', legacy: 'unresolved', pending: false },
    void: { go: 'accepted', legacy: 'failed', pending: false },
  }
  for (const state of authorityStates) {
    test(`the ledger says ${state}`, () => {
      const holder = state === 'void' ? null : 'legacy'
      const legacy = outcomeFromLedger(row(state, holder))
      assert.equal(legacy.status, expected[state].legacy)
      assert.equal(legacy.source, 'legacy')
      assert.equal(legacy.pending !== null, expected[state].pending)
      if (state !== 'void') assert.equal(outcomeFromLedger(row(state, 'go')).status, 'accepted')
    })
  }

  test('claimed and not due: scheduled, on the work list with its time; the service’s own is accepted', () => {
    const heldUntil = '2030-01-31T09:30:00.000Z'
    const held = outcomeFromLedger({ ...row('claimed', 'legacy'), heldUntil })
    assert.deepEqual(
      [held.status, held.source, held.pending],
      ['scheduled', 'legacy', { unspentToken: null, dueAt: heldUntil }],
    )
    assert.equal(settleQuota('ON', held), undefined, 'not yet')
    const accepted = outcomeFromLedger({ ...row('claimed', 'go'), heldUntil })
    assert.deepEqual([accepted.status, accepted.pending], ['accepted', null])
  })

  test('I7: charged in ON, by the service, when accepted or duplicate; nothing else', () => {
    for (const mode of modes) {
      for (const status of messageStatuses) {
        for (const source of ['legacy', 'go'] as const) {
          const outcome: MessageOutcome = { ...unresolvedOutcome('m', source, ''), status, pending: null }
          const isCharged =
            mode === 'ON' && source === 'go' && (status === 'accepted' || status === 'duplicate')
          const settlement = settleQuota(mode, outcome)
          assert.equal(settlement, mode === 'ON' ? (isCharged ? 'charged' : 'released') : undefined)
        }
      }
    }
    assert.equal(settleQuota('ON', unresolvedOutcome('m', 'go', '')), undefined, 'not yet')
  })
})
