import type { Logger } from 'pino'
import { openDatabase, type Database } from '../db/database.ts'
import { repeat } from '../process/repeat.ts'
import { audit, type Audit } from '../reconcile/audit.ts'
import { reconciliation } from '../reconcile/pairs.ts'
import { reconcile, type ReconcileOptions } from '../reconcile/reconcile.ts'
import type { Report } from '../reconcile/report.ts'
import type { Silence } from '../reconcile/volume.ts'
import { everything } from '../reconcile/window.ts'
import { recordMeasurement } from './check-gate.ts'
import { ofAudit, ofReport } from './measurements.ts'
import { writeUnheard } from './write-unheard.ts'

export interface MonitorOptions {
  readonly legacyDatabaseUrl: string
  readonly messagingDatabaseUrl: string
  readonly intervalMs: number
  readonly log: Logger
}

/** The last run of each, with when it ended; null: none yet by this process. */
export interface MonitorState {
  readonly reconciliation: { readonly report: Report; readonly endedMs: number } | null
  readonly conservation: { readonly audit: Audit; readonly endedMs: number } | null
  readonly failures: number
}

export interface Monitor {
  readonly state: MonitorState
  stop(): Promise<void>
}

// "batm": of all gateways on a database one monitors at a time.
const LOCK = 0x6261746d
const EVIDENCE_EVERY_MS = 300_000
const THROTTLE_PERCENT = 50
const UUIDS_LOGGED_MAX = 100

/**
 * Reconciles and audits for as long as a gateway runs. What was compared before costs nothing again, so that a
 * round costs what the last quarter of an hour does. It has connections of its own: sends never wait for it.
 */
export function startMonitor({
  legacyDatabaseUrl,
  messagingDatabaseUrl,
  intervalMs,
  log,
}: MonitorOptions): Monitor {
  const legacy = openForMonitor(legacyDatabaseUrl, log)
  const messaging = openForMonitor(messagingDatabaseUrl, log)
  const stopping = new AbortController()
  const { signal } = stopping
  const options: Omit<ReconcileOptions, 'question'> = {
    legacy,
    messaging,
    window: everything,
    throttlePercent: THROTTLE_PERCENT,
    signal,
  }
  let state: MonitorState = { reconciliation: null, conservation: null, failures: 0 }
  const isWorthKeeping = createKeeper()

  async function reconciled(): Promise<Report> {
    const report = await reconcile({ ...options, question: reconciliation })
    const written = await writeUnheard({ legacy, messaging, runId: report.run_id }, report.findings)
    if (written === 0) return report
    log.info({ messages: written }, 'verdicts of dry runs that were not heard are written')
    return reconcile({ ...options, question: reconciliation })
  }

  async function round(): Promise<void> {
    const report = await reconciled()
    state = { ...state, reconciliation: { report, endedMs: Date.now() } }
    alarm(log, report, [])
    if (isWorthKeeping('reconciliation', report.verdict)) {
      await recordMeasurement({ legacy, messaging }, 'reconciliation', ofReport(report))
    }
    const audited = await audit(options)
    state = { ...state, conservation: { audit: audited, endedMs: Date.now() } }
    alarm(log, audited.report, audited.silence)
    if (isWorthKeeping('conservation', audited.verdict)) {
      await recordMeasurement({ legacy, messaging }, 'conservation', ofAudit(audited))
    }
  }

  async function roundIfAlone(): Promise<void> {
    const client = await legacy.connect()
    client.on('error', () => {})
    try {
      const { rows } = await client.query('select pg_try_advisory_lock($1) as alone', [LOCK])
      if (rows[0]?.alone === true) await round()
    } finally {
      await client.end()
    }
  }

  const running = repeat(intervalMs, signal, roundIfAlone, (err) => {
    if (signal.aborted) return
    state = { ...state, failures: state.failures + 1 }
    log.error({ err }, 'monitor: a round failed')
  })
  return {
    get state() {
      return state
    },
    async stop() {
      stopping.abort()
      await running
      await Promise.all([legacy.close(), messaging.close()])
    },
  }
}

function openForMonitor(url: string, log: Logger): Database {
  return openDatabase({
    url,
    name: 'baton monitor',
    connectionsMax: 2,
    connectTimeoutMs: 2_000,
    statementTimeoutMs: 60_000,
    onError: (err) => log.warn({ err }, 'monitor: database connection lost'),
  })
}

/** A verdict that changed is evidence at once, the same one again every five minutes. */
function createKeeper(): (name: string, verdict: string) => boolean {
  const kept = new Map<string, { verdict: string; atMs: number }>()
  return (name, verdict) => {
    const last = kept.get(name)
    if (last?.verdict === verdict && performance.now() - last.atMs < EVIDENCE_EVERY_MS) return false
    kept.set(name, { verdict, atMs: performance.now() })
    return true
  }
}

function alarm(log: Logger, report: Report, silence: readonly Silence[]): void {
  const { verdict, mismatches, findings, run_id } = report
  if (silence.length > 0) log.error({ alarm: 'silence', silence }, 'stopped sending')
  if (verdict === 'PASS') return
  const named = findings.filter(({ inFlight }) => !inFlight).slice(0, UUIDS_LOGGED_MAX)
  const messages = named.map(({ kind, messageUuid }) => ({ kind, message_uuid: messageUuid }))
  log.error({ alarm: 'mismatch', run_id, mismatches, messages }, 'the state of the migration does not add up')
}
