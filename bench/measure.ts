import { cpuMicroseconds } from './cpu-time.ts'
import type { LoadOrder } from './load-order.ts'
import type { Stage } from './stage.ts'
import type { Counts, System } from './system.ts'

/** One round of one form. */
export interface Measured {
  /** Messages that were accepted, a second. */
  readonly rate: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Microseconds of CPU for each accepted message, while the load ran. */
  readonly cpu: Readonly<Record<Process, number>>
  /** The same of the whole: from the first request until the last message was sent. */
  readonly cpuUntilSent: Readonly<Record<Process, number>>
  /** Messages sent to the carrier a second: while the load ran, and from then until all were sent. */
  readonly dispatchRate: number
  readonly drainRate: number
  /** Messages that ended in any other way. */
  readonly others: number
}

export const processes = ['gateway', 'service', 'sandbox', 'postgres', 'load'] as const
export type Process = (typeof processes)[number]

const DRAIN_MAX_MS = 180_000

/** Puts a load on a system and follows every message until it is sent (unless told not to); throws when the books do not balance. */
export async function measure(
  stage: Stage,
  system: System,
  order: LoadOrder,
  untilSent = true,
): Promise<Measured> {
  await system.reset()
  const pids: Readonly<Record<Process, number>> = {
    gateway: system.gateway.pid,
    service: system.service.pid,
    sandbox: stage.sandboxPid,
    postgres: stage.postgresPid,
    load: stage.loadPid,
  }
  const used = (): Record<Process, number> => mapProcesses((name) => cpuMicroseconds(pids[name]))
  const before = used()
  const { elapsedMs, targets } = await stage.load(order)
  const after = used()
  const [result] = targets
  if (!result) throw new Error('measure: the order had no target')
  const atEnd = await system.counts()
  const drainStartMs = performance.now()
  if (untilSent) await system.drained(DRAIN_MAX_MS)
  const drainMs = performance.now() - drainStartMs
  const whenSent = used()
  const accepted = result.messages['accepted'] ?? 0
  const total = Object.values(result.messages).reduce((sum, count) => sum + count, 0)
  const hasGateway = order.targets[0]?.api === 'gateway'
  balance(system.name, { accepted, hasGateway, untilSent }, await system.counts())
  return {
    rate: (accepted / elapsedMs) * 1_000,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    cpu: mapProcesses((name) => (after[name] - before[name]) / accepted),
    cpuUntilSent: mapProcesses((name) =>
      untilSent ? (whenSent[name] - before[name]) / accepted : Number.NaN,
    ),
    dispatchRate: (atEnd.sent / elapsedMs) * 1_000,
    drainRate: untilSent ? ((accepted - atEnd.sent) / drainMs) * 1_000 : Number.NaN,
    others: total - accepted,
  }
}

function mapProcesses(valueOf: (name: Process) => number): Record<Process, number> {
  const [gateway, service, sandbox, postgres, load] = processes.map(valueOf) as [
    number,
    number,
    number,
    number,
    number,
  ]
  return { gateway, service, sandbox, postgres, load }
}

/** What callers were told must stand in the database: a fast answer that is not durable is no answer. */
function balance(
  name: string,
  told: { accepted: number; hasGateway: boolean; untilSent: boolean },
  counts: Counts,
): void {
  const { accepted, hasGateway, untilSent } = told
  const { ledger, sent, go_sms_logs, sms_logs, charged } = counts
  const durable = [
    ledger,
    go_sms_logs,
    ...(untilSent ? [sent] : []),
    ...(hasGateway ? [sms_logs, charged] : []),
  ]
  if (accepted === 0 || durable.some((count) => count < accepted))
    throw new Error(`${name}: the books do not balance: told ${accepted} accepted: ${JSON.stringify(counts)}`)
}
