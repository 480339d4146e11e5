import { Type, type Static } from 'typebox'
import type { Account } from './accounts.ts'

const WAIT_MAX_MS = 600_000

const WaitMs = Type.Optional(Type.Integer({ minimum: 0, maximum: WAIT_MAX_MS }))
/** How many of the requests are hit: false or 0 none, true or 1 all. */
const Share = Type.Optional(Type.Union([Type.Boolean(), Type.Number({ minimum: 0, maximum: 1 })]))

const AccountFaultsSchema = Type.Object(
  {
    latency_ms: WaitMs,
    refuse: Share,
    error_share: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    swallow: Share,
    reset_after_accept: Share,
    answer_late_ms: WaitMs,
    /** Each delivery status comes so much later. */
    receipt_late_ms: WaitMs,
    /** Shares of the delivery statuses: never sent, sent twice, and `delivered` sent before `sent`. */
    receipt_drop: Share,
    receipt_duplicate: Share,
    receipt_disorder: Share,
  },
  { additionalProperties: false },
)

/** What PUT /faults takes: the whole setting; an absent fault is off. */
export const FaultsSchema = Type.Object(
  { legacy: Type.Optional(AccountFaultsSchema), service: Type.Optional(AccountFaultsSchema) },
  { additionalProperties: false },
)

/** What is in force, with both accounts present. */
export const FaultsInForceSchema = Type.Object({ legacy: AccountFaultsSchema, service: AccountFaultsSchema })

export type AccountFaults = Static<typeof AccountFaultsSchema>
export type Faults = Static<typeof FaultsSchema>

/** The faults in force; in memory only, so a restarted carrier is a healthy one. */
export interface FaultSetting {
  current: Record<Account, AccountFaults>
}

export function faultsInForce(faults: Faults): Record<Account, AccountFaults> {
  return { legacy: faults.legacy ?? {}, service: faults.service ?? {} }
}

/** What becomes of one request. */
export type Course =
  | { readonly kind: 'error' }
  | { readonly kind: 'refuse' }
  | { readonly kind: 'accept'; readonly answer: 'reset' }
  | { readonly kind: 'accept'; readonly answer: 'swallow' }
  | { readonly kind: 'accept'; readonly answer: 'send'; readonly lateMs: number }

const isHit = (share: boolean | number | undefined, random: () => number): boolean =>
  typeof share === 'number' ? random() < share : share === true

/**
 * Draws the course of one request. An error comes before a refusal, a reset before a swallowed answer, and
 * a late answer only where one is given. `random` draws from [0, 1).
 */
export function drawCourse(faults: AccountFaults, random: () => number): Course {
  if (isHit(faults.error_share, random)) return { kind: 'error' }
  if (isHit(faults.refuse, random)) return { kind: 'refuse' }
  if (isHit(faults.reset_after_accept, random)) return { kind: 'accept', answer: 'reset' }
  if (isHit(faults.swallow, random)) return { kind: 'accept', answer: 'swallow' }
  return { kind: 'accept', answer: 'send', lateMs: faults.answer_late_ms ?? 0 }
}

/** When each delivery status of one text is sent, in ms from its acceptance; one that stands twice is sent twice. */
export type Reported = readonly { readonly status: 'sent' | 'delivered'; readonly afterMs: number }[]

const SENT_MS = 100
const DELIVERED_MS = 600

/** Draws the delivery statuses of one accepted text. Each is dropped or doubled by itself. */
export function drawReports(faults: AccountFaults, random: () => number): Reported {
  const lateMs = faults.receipt_late_ms ?? 0
  const [first, second] = isHit(faults.receipt_disorder, random)
    ? [DELIVERED_MS, SENT_MS]
    : [SENT_MS, DELIVERED_MS]
  const wanted = [
    { status: 'sent', afterMs: first + lateMs },
    { status: 'delivered', afterMs: second + lateMs },
  ] as const
  return wanted.flatMap((report) => {
    if (isHit(faults.receipt_drop, random)) return []
    return isHit(faults.receipt_duplicate, random) ? [report, report] : [report]
  })
}
