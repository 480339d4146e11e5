import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import type { Exchange, HttpPeer } from '../http/exchange.ts'
import { signedPeer } from '../http/signature.ts'
import { audit, type Audit } from '../reconcile/audit.ts'
import { readNowMs } from '../reconcile/clock.ts'
import { reconciliation } from '../reconcile/pairs.ts'
import { reconcile } from '../reconcile/reconcile.ts'
import type { Report } from '../reconcile/report.ts'
import { bucketAt, rangeOf } from '../reconcile/uuid-range.ts'
import { compareShadow } from '../reconcile/compare-shadow.ts'
import { ofComparison } from './of-comparison.ts'
import { everything } from '../reconcile/window.ts'
import { DRILL_TENANT } from './drills/drill.ts'
import type { MeasurementName } from './gates.ts'

export interface MeasureContext {
  readonly legacy: Database
  readonly messaging: Database
  readonly service: ServiceAt
}

export interface ServiceAt {
  readonly url: string
  readonly peer: HttpPeer
  /** Shared with the gateway; null: calls are not signed, which is meant for one machine only. */
  readonly secret: string | null
}

export interface Found {
  readonly asked: string
  readonly sample: number
  readonly counts: Readonly<Record<string, number>>
  readonly window?: { readonly from: string | null; readonly to: string | null }
}

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const WEEK_MS = 7 * DAY_MS
const PROBES = 3
/** Nobody notices how much faster than this an answer comes: it counts as this. */
const NOTICED_MS = 100
const PROBE_TIMEOUT_MS = 2_000

interface Check {
  role: string
  object: string
  privilege: string
  has: boolean
  wanted: boolean
}

type Counts = { sample: number } & Record<string, number>
const grantsLegacy = statement<Check>(import.meta.url, './sql/grants-legacy.sql')
const grantsMessaging = statement<Check>(import.meta.url, './sql/grants-messaging.sql')
const providerCalls = statement<Counts>(import.meta.url, './sql/shadow-provider-calls.sql')
const shadowQuota = statement<Counts>(import.meta.url, './sql/shadow-quota.sql')
const inDoubt = statement<{ in_doubt: number }>(import.meta.url, './sql/in-doubt.sql')
const performanceOf = statement<{ is_on: boolean; messages: number; errors: number; p99_ms: number }>(
  import.meta.url,
  './sql/performance.sql',
)
type Measure = (context: MeasureContext) => Promise<Found>

/** How each thing that gates ask about is measured, now. A drill is not: it leaves its evidence when it is run. */
export const measurements: Readonly<Partial<Record<MeasurementName, Measure>>> = {
  service: probeService,
  grants: checkGrants,
  shadow: async ({ legacy, messaging }) =>
    ofComparison(await compareShadow({ legacy, messaging, window: await since(legacy, DAY_MS) })),
  shadow_provider_calls: async ({ legacy, messaging }) => {
    const { from, window } = await uuidsSince(legacy, DAY_MS)
    return { ...ofCounts('shadowed messages of a day', await messaging.run(providerCalls, [from])), window }
  },
  shadow_quota: async ({ legacy }) => {
    const { from, window } = await uuidsSince(legacy, DAY_MS)
    return { ...ofCounts('messages of a day in SHADOW', await legacy.run(shadowQuota, [from])), window }
  },
  reconciliation: async ({ legacy, messaging }) =>
    ofReport(await reconcile({ legacy, messaging, question: reconciliation, window: everything })),
  conservation: async ({ legacy, messaging }) =>
    ofAudit(await audit({ legacy, messaging, window: everything })),
  in_doubt: async ({ messaging }) => {
    const [row] = await messaging.run(inDoubt)
    return { asked: 'messages in doubt in the ledger', sample: row ? 1 : 0, counts: { ...row } }
  },
  performance: measurePerformance,
}

async function probeService({ service: { url, peer, secret } }: MeasureContext): Promise<Found> {
  let failed = 0
  let slowestMs = 0
  for (let probe = 0; probe < PROBES; probe++) {
    const beganMs = performance.now()
    const exchange = await peer.exchange({ method: 'GET', path: '/healthz', timeoutMs: PROBE_TIMEOUT_MS })
    if (!(answersWith(exchange, 200) && exchange.text.includes('"baton-messaging"'))) failed++
    slowestMs = Math.max(slowestMs, performance.now() - beganMs)
  }
  // A call without messages: the service refuses it, and how it does tells whether it asked who calls.
  const nothing = {
    method: 'POST',
    path: '/v1/messages',
    body: JSON.stringify({ dry_run: true, messages: [] }),
    timeoutMs: PROBE_TIMEOUT_MS,
  } as const
  const signed = secret === null ? undefined : await signedPeer(peer, secret).exchange(nothing)
  const unsigned = await peer.exchange(nothing)
  const isThisMachine = /^(127\.|localhost$|\[::1\]$)/.test(new URL(url).hostname)
  const mustAsk = secret !== null || !isThisMachine
  const counts = {
    failed,
    slowest_ms: Math.round(slowestMs),
    refused_signed: signed && !answersWith(signed, 400) ? 1 : 0,
    let_in_unsigned: mustAsk && !answersWith(unsigned, 401) ? 1 : 0,
  }
  return { asked: 'GET /healthz, and calls with and without a signature', sample: PROBES, counts }
}

function answersWith(exchange: Exchange, status: number): exchange is Exchange & { kind: 'answer' } {
  return exchange.kind === 'answer' && exchange.status === status
}

async function checkGrants({ legacy, messaging }: MeasureContext): Promise<Found> {
  const checks = [...(await legacy.run(grantsLegacy)), ...(await messaging.run(grantsMessaging))]
  const wrong = checks.filter(({ has, wanted }) => has !== wanted)
  const names = wrong.map(({ role, object, privilege }) => `${role} ${object} ${privilege}`)
  const asked = `privileges of both roles${names.length > 0 ? `; wrong: ${names.slice(0, 20).join(', ')}` : ''}`
  return { asked, sample: checks.length, counts: { wrong: wrong.length } }
}

async function measurePerformance({ legacy }: MeasureContext): Promise<Found> {
  const { from: onFrom } = await uuidsSince(legacy, HOUR_MS)
  const { from: legacyFrom, window } = await uuidsSince(legacy, WEEK_MS)
  const rows = await legacy.run(performanceOf, [onFrom, legacyFrom, DRILL_TENANT])
  const on = rows.find((row) => row.is_on)
  const old = rows.find((row) => !row.is_on)
  const rate = (row: typeof on) => (row ? row.errors / row.messages : NaN)
  const counts = {
    messages_on: on?.messages ?? 0,
    messages_legacy: old?.messages ?? 0,
    error_rate_more: rate(on) - rate(old),
    p99_on_ms: on?.p99_ms ?? NaN,
    p99_legacy_ms: old?.p99_ms ?? NaN,
    p99_ratio: on && old ? Math.max(on.p99_ms, NOTICED_MS) / Math.max(old.p99_ms, NOTICED_MS) : NaN,
  }
  const sample = Math.min(counts.messages_on, counts.messages_legacy)
  return { asked: 'the last hour of ON against a week of the legacy side', sample, counts, window }
}

/** A reconciliation as something a gate can ask about. */
export function ofReport({ pairs, mismatches, in_flight, window }: Report): Found {
  const sample = Object.values(pairs).reduce((sum, pair) => sum + pair.left_messages, 0)
  const total = Object.values(mismatches).reduce((sum, messages) => sum + messages, 0)
  const counts = { two_sides_sent: 0, ...mismatches, mismatches: total, in_flight }
  return { asked: 'reconciliation by message_uuid', sample, counts, window }
}

export function ofAudit({ report, balance, ledger, imbalance, silence }: Audit): Found {
  const found = ofReport(report)
  const counts = {
    ...found.counts,
    ...balance,
    ledger_go: ledger.go,
    ledger_legacy: ledger.legacy,
    ledger_nobody: ledger.nobody,
    imbalance,
    silent_tenants: silence.length,
  }
  return { asked: 'conservation audit', sample: balance.entered, counts, window: report.window }
}

function ofCounts(asked: string, [row]: readonly Counts[]): Found {
  const { sample, ...counts } = row ?? { sample: 0 }
  return { asked, sample, counts }
}

async function since(legacy: Database, lengthMs: number) {
  return { from: bucketAt((await readNowMs(legacy)) - lengthMs), to: everything.to }
}

async function uuidsSince(legacy: Database, lengthMs: number) {
  const fromMs = (await readNowMs(legacy)) - lengthMs
  const { from } = rangeOf({ from: bucketAt(fromMs), to: bucketAt(fromMs) + 1 })
  return { from, window: { from: new Date(fromMs).toISOString(), to: null } }
}
