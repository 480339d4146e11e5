import { recordMeasurement } from '../check-gate.ts'
import type { Head } from '../evidence.ts'
import { judgeGate, type Verdict } from '../judge-gate.ts'
import { breakerDrill } from './breaker-drill.ts'
import type { Drill, DrillContext, DrillRun } from './drill.ts'
import type { DrillSite } from './drill-site.ts'
import { judgeSends, type Observed } from './observe.ts'
import { isByService, uuidsOf } from './phases.ts'
import { reconcileDrill } from './reconcile-drill.ts'
import { rollbackDrill } from './rollback-drill.ts'
import { serviceDownDrill } from './service-down-drill.ts'
import { timeoutDrill } from './timeout-drill.ts'
import { withSite, type Attempt } from './with-site.ts'

export const drills: readonly Drill[] = [
  timeoutDrill,
  breakerDrill,
  serviceDownDrill,
  rollbackDrill,
  reconcileDrill,
]

export interface DrillReport extends Verdict {
  readonly drill: string
  /** It did not run, for these reasons: then there is no evidence of it. */
  readonly refused: boolean
  readonly counts: Readonly<Record<string, number>>
  readonly evidence: Head | null
}

/** Runs a drill, judges it and keeps it as evidence. Throws when it was broken off; it has cleaned up then. */
export async function runDrill(context: DrillContext, drill: Drill): Promise<DrillReport> {
  const attempt = await withSite(context, drill, (site) => attemptAt(site, drill))
  if (attempt.kind === 'refused') {
    const { reasons } = attempt
    return { drill: drill.name, verdict: 'HOLD', reasons, refused: true, counts: {}, evidence: null }
  }
  const { counts } = attempt
  const asked = `drill ${drill.name}`
  const sample = counts['messages'] ?? 0
  const evidence = await recordMeasurement(context, drill.gate.asks, { asked, sample, counts })
  const window = { from: null, to: null }
  const measurement = { asked, sample, counts, window, epoch: 0, code_version: '' }
  const judged = judgeGate(drill.gate, { measurement, ageMs: 0 })
  return { drill: drill.name, ...judged, refused: false, counts, evidence }
}

async function attemptAt(site: DrillSite, drill: Drill): Promise<Attempt> {
  await site.setMode('ON')
  const reasons = await reasonsAgainstSite(site, drill)
  if (reasons.length > 0) return { kind: 'refused', reasons }
  const run = await drill.run(site)
  site.context.say('every message is looked at')
  const observed = await site.observe(uuidsOf(run.messages))
  return { kind: 'ran', counts: { ...run.counts, ...judgeSends(observed), ...judgeAnswers(run, observed) } }
}

/** Without a fault the service must accept, and its requests must go through the proxy that makes the faults. */
async function reasonsAgainstSite(site: DrillSite, drill: Drill): Promise<string[]> {
  const before = drill.needsFaults ? await site.forwarded() : 0
  const probe = await site.send(1)
  if (!isByService(probe[0])) {
    const { status, source, reason = '' } = probe[0] ?? {}
    return [
      `the service does not accept messages as it is: a first one ended ${status} by ${source} ${reason}`.trim(),
    ]
  }
  if (drill.needsFaults && (await site.forwarded()) === before) {
    return ['the fault proxy does not stand between gateway and service: nothing went through it']
  }
  return []
}

/** The caller was told that the legacy side sends, and the ledger has another holder. */
function judgeAnswers({ messages }: DrillRun, observed: readonly Observed[]): Record<string, number> {
  const holders = new Map(observed.map((one) => [one.messageUuid, one.holder]))
  const wrong = messages.filter(
    ({ source, message_uuid }) => source === 'legacy' && holders.get(message_uuid) === 'go',
  )
  return { answers_wrong: wrong.length }
}
