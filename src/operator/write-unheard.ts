import type { Finding } from '../reconcile/classify.ts'
import { WORK_LIST_GRACE_MS } from '../reconcile/reconcile.ts'
import { repairFinding, type RepairOptions } from '../reconcile/repair.ts'

/** A dry run is asked for 2 s and recorded at once: past this nobody is about to write its verdict any more. */
const UNHEARD_AFTER_MS = 10_000

/**
 * Writes into `sms_logs` the verdicts of dry runs that the service has logged and no gateway has heard: the call took
 * too long, or its gateway died. They move nothing, and are recorded as repairs. Returns how many were written.
 */
export async function writeUnheard(
  databases: Pick<RepairOptions, 'legacy' | 'messaging' | 'runId'>,
  findings: readonly Finding[],
): Promise<number> {
  const grace = { graceMs: UNHEARD_AFTER_MS, workListGraceMs: WORK_LIST_GRACE_MS }
  const options = { ...databases, grace, execute: true, actor: 'gateway monitor' }
  let written = 0
  for (const finding of findings) {
    if (!finding.dryRun || finding.kind !== 'missing_in_sms_logs') continue
    const { result } = await repairFinding(options, finding)
    if (result === 'repaired') written++
  }
  return written
}
