import type { Runner } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { codeVersion } from './code-version.ts'
import { appendEvidence, latestEvidence, type Head } from './evidence.ts'
import type { Gate, MeasurementName } from './gates.ts'
import { judgeGate, type Measurement, type Verdict } from './judge-gate.ts'
import { measurements, type Found, type MeasureContext } from './measurements.ts'

export interface GateResult extends Verdict {
  readonly gate: string
  readonly measurement: Measurement | null
  /** Record of the evidence that was judged; `head` is that of the verdict. */
  readonly evidence_seq: number | null
  readonly head: Head
}

const epochOf = statement<{ epoch: number }>(import.meta.url, './sql/epoch.sql')

/** Measures now and keeps what was found, where it can be measured at any time. */
async function measure(context: MeasureContext, name: MeasurementName): Promise<void> {
  const found = await measurements[name]?.(context)
  if (found) await recordMeasurement(context, name, found)
}

export async function recordMeasurement(
  { legacy, messaging }: Pick<MeasureContext, 'legacy' | 'messaging'>,
  name: MeasurementName,
  { window = { from: null, to: null }, ...found }: Found,
): Promise<Head> {
  const payload = { ...found, window, epoch: await readEpoch(legacy), code_version: codeVersion() }
  return appendEvidence(legacy, messaging, { kind: 'measurement', subject: name, payload })
}

/**
 * Judges the latest evidence a gate asks for, measured first unless told otherwise, and keeps the verdict. A
 * measurement that cannot be made leaves the gate with the evidence there is.
 */
export async function checkGate(
  context: MeasureContext,
  gate: Gate,
  options: { readonly isMeasured: boolean },
): Promise<GateResult> {
  const { legacy, messaging } = context
  const notMeasured = options.isMeasured ? await tryToMeasure(context, gate.asks) : undefined
  const latest = await latestEvidence(legacy, 'measurement', gate.asks)
  const measurement = latest ? (JSON.parse(latest.payload) as Measurement) : null
  const judged = judgeGate(gate, latest && measurement ? { measurement, ageMs: latest.age_ms } : undefined)
  const verdict: Verdict =
    notMeasured === undefined ? judged : { verdict: 'HOLD', reasons: [notMeasured, ...judged.reasons] }
  const payload = {
    ...verdict,
    asked: gate.asks,
    conditions: gate.passes,
    evidence_seq: latest?.seq ?? null,
    sample: measurement?.sample ?? 0,
    counts: measurement?.counts ?? {},
    window: measurement?.window ?? null,
    epoch: await readEpoch(legacy),
    code_version: codeVersion(),
  }
  const head = await appendEvidence(legacy, messaging, { kind: 'verdict', subject: gate.name, payload })
  return {
    gate: gate.name,
    ...verdict,
    measurement,
    evidence_seq: latest?.seq ?? null,
    head,
  }
}

async function tryToMeasure(context: MeasureContext, name: MeasurementName): Promise<string | undefined> {
  try {
    await measure(context, name)
    return undefined
  } catch (error) {
    return `${name}: could not be measured: ${error instanceof Error ? error.message : String(error)}`
  }
}

async function readEpoch(legacy: Runner): Promise<number> {
  const [row] = await legacy.run(epochOf)
  return row?.epoch ?? 0
}
