/** A count of a measurement against a bound. */
export interface Condition {
  readonly count: string
  readonly is: '=' | '<=' | '>='
  readonly value: number
}

/** A gate is data: what it asks of the evidence, and when the answer is good, fresh and large enough. */
export interface Gate {
  readonly name: string
  readonly about: string
  /** The measurement it judges. */
  readonly asks: MeasurementName
  readonly sampleMin: number
  readonly freshMs: number
  /** All of them must hold. */
  readonly passes: readonly Condition[]
}

export const measurementNames = [
  'service',
  'grants',
  'shadow',
  'shadow_provider_calls',
  'shadow_quota',
  'reconciliation',
  'conservation',
  'in_doubt',
  'performance',
  'timeout_drill',
  'breaker_drill',
  'service_down_drill',
  'rollback_drill',
  'reconcile_drill',
] as const
export type MeasurementName = (typeof measurementNames)[number]

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const WEEK_MS = 7 * DAY_MS
const zero = (count: string): Condition => ({ count, is: '=', value: 0 })
const atLeast = (count: string, value: number): Condition => ({ count, is: '>=', value })
const atMost = (count: string, value: number): Condition => ({ count, is: '<=', value })
/** Of every drill: never two sends, none lost, and the caller was told who sends. */
const eachOnce = [zero('sent_twice'), zero('lost'), zero('answers_wrong')]

export const gates: readonly Gate[] = [
  {
    name: 'service-reachable',
    about: 'the messaging service answers in time, and lets nobody in but the gateway',
    asks: 'service',
    sampleMin: 3,
    freshMs: 5 * MINUTE_MS,
    passes: [zero('failed'), atMost('slowest_ms', 500), zero('refused_signed'), zero('let_in_unsigned')],
  },
  {
    name: 'grants-right',
    about: 'each role may do what the design gives it, and nothing else',
    asks: 'grants',
    sampleMin: 1,
    freshMs: DAY_MS,
    passes: [zero('wrong')],
  },
  {
    name: 'shadow-coverage',
    about: 'enough of the shadowed messages were compared',
    asks: 'shadow',
    sampleMin: 1_000,
    freshMs: DAY_MS,
    passes: [atLeast('coverage', 0.99)],
  },
  {
    name: 'shadow-agreement',
    about: 'the service decides as the legacy side did: the lower end of the 95 % interval counts',
    asks: 'shadow',
    sampleMin: 1_000,
    freshMs: DAY_MS,
    passes: [atLeast('agreement_low', 0.995)],
  },
  {
    name: 'shadow-calls-no-provider',
    about: 'the service has dispatched no message that was shadowed',
    asks: 'shadow_provider_calls',
    sampleMin: 1,
    freshMs: DAY_MS,
    passes: [zero('provider_calls')],
  },
  {
    name: 'shadow-moves-no-quota',
    about: 'no shadowed message has a quota settlement',
    asks: 'shadow_quota',
    sampleMin: 1,
    freshMs: DAY_MS,
    passes: [zero('settlements')],
  },
  {
    name: 'fallback-drill',
    about:
      'lately drilled: answers lost and requests late, and each message was sent once by whom the ledger names',
    asks: 'timeout_drill',
    sampleMin: 4,
    freshMs: WEEK_MS,
    passes: [
      ...eachOnce,
      atLeast('swallowed_accepted', 1),
      atLeast('late_sent_by_legacy', 1),
      zero('late_known_to_service'),
    ],
  },
  {
    name: 'breaker-drill',
    about:
      'lately drilled: the breaker opened, the legacy side sent, and the service was called again afterwards',
    asks: 'breaker_drill',
    sampleMin: 4,
    freshMs: WEEK_MS,
    passes: [...eachOnce, atLeast('opened', 1), atLeast('fell_back_open', 1), atLeast('recovered', 1)],
  },
  {
    name: 'service-down-drill',
    about:
      'lately drilled: with the service down the legacy side sent, and the service was called again afterwards',
    asks: 'service_down_drill',
    sampleMin: 4,
    freshMs: WEEK_MS,
    passes: [...eachOnce, atLeast('sent_by_legacy', 1), zero('not_sent_by_legacy'), atLeast('recovered', 1)],
  },
  {
    name: 'reconciliation-clean',
    about: 'no mismatch is older than the grace time',
    asks: 'reconciliation',
    sampleMin: 1,
    freshMs: 15 * MINUTE_MS,
    passes: [zero('mismatches'), zero('two_sides_sent')],
  },
  {
    name: 'conservation-balanced',
    about: 'every message that was entered is accounted for, and nobody has stopped sending',
    asks: 'conservation',
    sampleMin: 1,
    freshMs: 15 * MINUTE_MS,
    passes: [zero('mismatches'), zero('silent_tenants')],
  },
  {
    name: 'in-doubt-low',
    about: 'few messages wait for a proof',
    asks: 'in_doubt',
    sampleMin: 1,
    freshMs: 15 * MINUTE_MS,
    passes: [atMost('in_doubt', 10)],
  },
  {
    name: 'performance',
    about: 'ON fails no more often than the legacy side and is not slower',
    asks: 'performance',
    sampleMin: 200,
    freshMs: 15 * MINUTE_MS,
    passes: [atMost('error_rate_more', 0.005), atMost('p99_ratio', 1.5)],
  },
  {
    name: 'rollback-drill',
    about:
      'lately drilled: ON was switched off, acknowledged and handed back, and the legacy side went on, each message once',
    asks: 'rollback_drill',
    sampleMin: 4,
    freshMs: WEEK_MS,
    passes: [
      ...eachOnce,
      atLeast('before_by_service', 1),
      atLeast('handed_back', 1),
      atLeast('sent_by_legacy', 1),
      zero('sent_by_service'),
    ],
  },
]

/** Of no flip's conditions; the drill alone is judged by it. */
export const reconcileDrillGate: Gate = {
  name: 'reconcile-drill',
  about:
    'the drill’s own messages reconcile, and what is taken from a copy of their records is found missing',
  asks: 'reconcile_drill',
  sampleMin: 4,
  freshMs: WEEK_MS,
  passes: [...eachOnce, zero('mismatches'), zero('planted_not_found'), atLeast('planted_found', 3)],
}

export const findGate = (name: string): Gate | undefined => gates.find((gate) => gate.name === name)
