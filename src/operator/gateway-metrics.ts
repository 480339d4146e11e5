import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import type { GatewayStatus } from '../gateway/status.ts'
import type { Metrics } from '../http/metrics.ts'
import { comparisonGauges, readLastComparison } from './comparison-gauges.ts'
import { gates } from './gates.ts'
import type { MonitorState } from './monitor.ts'

export interface GatewayMetricsOptions {
  readonly readStatus: () => Promise<GatewayStatus>
  readonly legacy: Database
  /** Null: this process does not monitor. */
  readonly monitor: () => MonitorState | null
}

interface GateRow {
  gate: string
  verdict: string
  checked_at_s: number
}

const verdicts = statement<GateRow>(import.meta.url, './sql/gate-verdicts.sql')

const MODES = ['OFF', 'SHADOW', 'ON'] as const
const BREAKER_STATES = ['closed', 'half_open', 'open'] as const
const VERDICTS = ['PASS', 'FAIL', 'HOLD'] as const
const HOLDERS = ['legacy', 'go'] as const
const OPEN_STATES = ['claimed', 'dispatched', 'in_doubt'] as const
const KINDS = [
  'two_sides_sent',
  'missing_in_sms_logs',
  'missing_in_go_sms_logs',
  'status_differs',
  'ending_untold',
  'quota_differs',
  'not_accounted',
  'not_entered',
  'ledger_differs',
] as const

/**
 * What a gateway tells of itself and of the migration, read when it is asked. No tenant, number or uuid is a label.
 * A figure that cannot be had is absent or NaN, never 0.
 */
export function createGatewayMetrics({ readStatus, legacy, monitor }: GatewayMetricsOptions): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const gauge = (name: string, help: string, labelNames: string[] = []): Gauge =>
    new Gauge({ name: `baton_${name}`, help, labelNames, registers: [registry] })
  const showStatus = statusGauges(gauge)
  const showMonitor = monitorGauges(gauge)
  const showGates = gateGauges(gauge)
  const showComparison = comparisonGauges(gauge)
  return {
    registry,
    async refresh() {
      const [status, checked, compared] = await Promise.all([
        readStatus().catch(() => undefined),
        legacy.run(verdicts, [gates.map(({ name }) => name)]).catch(() => []),
        readLastComparison(legacy).catch(() => undefined),
      ])
      showStatus(status)
      showMonitor(monitor())
      showGates(checked)
      showComparison(compared)
    },
  }
}

type MakeGauge = (name: string, help: string, labelNames?: string[]) => Gauge

function statusGauges(gauge: MakeGauge): (status: GatewayStatus | undefined) => void {
  const mode = gauge('mode', '1 for the mode in force for everyone.', ['mode'])
  const ramp = gauge('ramp_percent', 'Share of messages that ON applies to, for everyone.')
  const epoch = gauge('epoch', 'Number of the mode change in force for everyone.')
  const breaker = gauge('breaker_state', '1 for the state the breaker is in.', ['state'])
  const requests = gauge('requests_open', 'Requests without an answer, of all gateways.')
  const unresolved = gauge('messages_unresolved', 'Messages on the work list of the settler.')
  const scheduled = gauge('messages_scheduled', 'Messages the legacy side holds until their time.')
  const ledger = gauge('ledger_messages', 'Messages that are not settled, by holder and state.', [
    'holder',
    'state',
  ])
  const shadow = gauge('shadow_messages', 'Messages of SHADOW since this process started.', ['what'])
  const all = [mode, ramp, epoch, breaker, requests, unresolved, scheduled, ledger, shadow]
  return (status) => {
    for (const one of all) one.reset()
    if (!status) {
      for (const one of [ramp, epoch, requests, unresolved, scheduled]) one.set(NaN)
      return
    }
    for (const one of MODES) mode.set({ mode: one }, status.mode.mode === one ? 1 : 0)
    ramp.set(status.mode.ramp_percent)
    epoch.set(status.mode.epoch)
    for (const state of BREAKER_STATES) breaker.set({ state }, status.breaker === state ? 1 : 0)
    requests.set(status.open_requests)
    unresolved.set(status.unresolved_messages)
    scheduled.set(status.scheduled_messages)
    for (const holder of HOLDERS) {
      for (const state of OPEN_STATES) {
        const row = status.ledger?.find((one) => one.holder === holder && one.state === state)
        if (status.ledger) ledger.set({ holder, state }, row?.messages ?? 0)
      }
    }
    for (const [what, messages] of Object.entries(status.shadow)) shadow.set({ what }, Number(messages))
  }
}

function monitorGauges(gauge: MakeGauge): (state: MonitorState | null) => void {
  const mismatches = gauge('mismatches', 'Messages past the grace time that do not agree, by kind.', [
    'check',
    'kind',
  ])
  const ended = gauge('check_ended_timestamp_seconds', 'When a check last ended.', ['check'])
  const took = gauge('check_duration_seconds', 'How long its comparison took.', ['check'])
  const inFlight = gauge('check_in_flight_messages', 'Messages inside the grace time.', ['check'])
  const balance = gauge('conservation_messages', 'Messages that were entered, by what became of them.', [
    'outcome',
  ])
  const silent = gauge('silent_tenants', 'Tenants whose messages have stopped.', ['check'])
  const failures = gauge('check_failures', 'Rounds that could not be finished since this process started.')

  return (state) => {
    for (const one of [mismatches, ended, took, inFlight, balance, silent]) one.reset()
    if (!state) return
    failures.set(state.failures)
    const { reconciliation, conservation } = state
    const checks = [
      ['reconciliation', reconciliation?.report, reconciliation?.endedMs],
      ['conservation', conservation?.audit.report, conservation?.endedMs],
    ] as const
    for (const [check, report, endedMs] of checks) {
      if (!report || endedMs === undefined) continue
      for (const kind of KINDS) mismatches.set({ check, kind }, report.mismatches[kind] ?? 0)
      ended.set({ check }, endedMs / 1_000)
      took.set({ check }, report.elapsed_ms / 1_000)
      inFlight.set({ check }, report.in_flight)
    }
    if (!conservation) return
    const { audit } = conservation
    for (const [outcome, messages] of Object.entries(audit.balance))
      balance.set({ outcome }, Number(messages))
    balance.set({ outcome: 'none_yet' }, audit.imbalance)
    silent.set({ check: 'conservation' }, audit.silence.length)
  }
}

function gateGauges(gauge: MakeGauge): (rows: readonly GateRow[]) => void {
  const last = gauge('gate_verdict', '1 for the last verdict of a gate.', ['gate', 'verdict'])
  const checked = gauge('gate_checked_timestamp_seconds', 'When a gate was last checked.', ['gate'])
  return (rows) => {
    last.reset()
    checked.reset()
    for (const { gate, verdict, checked_at_s } of rows) {
      for (const one of VERDICTS) last.set({ gate, verdict: one }, one === verdict ? 1 : 0)
      checked.set({ gate }, checked_at_s)
    }
  }
}
