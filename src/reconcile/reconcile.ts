import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../db/database.ts'
import { untilKnown } from '../db/until-known.ts'
import { readNowMs } from './clock.ts'
import { findSuspects } from './find-suspects.ts'
import { openMemory, SUSPECTS_MAX, type Memory } from './memory.ts'
import { createPair, kindsOf, type Pair, type PairName, type Question } from './pairs.ts'
import { createTally, type Report, type Tally } from './report.ts'
import { bucketAt, bucketStartMs, type Buckets } from './uuid-range.ts'
import { createVerify, type Verify } from './verify.ts'
import { startWalk, type Step } from './walk.ts'
import type { Finding, Grace } from './classify.ts'

export interface Progress {
  readonly pair: PairName
  /** Time of the messages that have been reached. */
  readonly reachedMs: number
  readonly messages: number
  readonly findings: number
}

export interface ReconcileOptions extends Partial<Grace> {
  readonly legacy: Database
  readonly messaging: Database
  readonly question: Question
  readonly window: Buckets
  /** Compares every range, also those that are remembered. */
  readonly isFull?: boolean
  /** Share of the time that it may work, 1 to 100. */
  readonly throttlePercent?: number
  /** How long a database may be away in the middle of a run. */
  readonly patienceMs?: number
  readonly onProgress?: (progress: Progress) => void
  /** Every finding as it is confirmed; the report keeps the first {@link FINDINGS_MAX} only. */
  readonly onFinding?: (finding: Finding) => void | Promise<void>
  readonly signal?: AbortSignal
}

export const GRACE_MS = 120_000
/** Longer than the settler leaves anything to itself. */
export const WORK_LIST_GRACE_MS = 900_000
const PATIENCE_MS = 120_000
// The databases mark what is written later than five minutes; a bucket is closed well after that.
const CLOSED_AFTER_MS = 600_000

/**
 * Compares both sides over a window and names every message that differs. Costs as much as the servers need to
 * hash the messages that no earlier run has seen as they are. A database that goes away in the middle is waited
 * for; what was compared until then is remembered, also by the next run.
 */
export async function reconcile(options: ReconcileOptions): Promise<Report> {
  const { legacy, messaging, window, isFull = false, patienceMs = PATIENCE_MS } = options
  const grace = {
    graceMs: options.graceMs ?? GRACE_MS,
    workListGraceMs: options.workListGraceMs ?? WORK_LIST_GRACE_MS,
  }
  const runId = randomUUID()
  const patient = { legacy: waitFor(legacy, patienceMs), messaging: waitFor(messaging, patienceMs) }
  const clocks = await Promise.all([readNowMs(patient.legacy), readNowMs(patient.messaging)])
  const openFrom = bucketAt(Math.min(...clocks) - CLOSED_AFTER_MS)
  const memory = await openMemory(patient.legacy, patient.messaging, runId, isFull)
  const tally = createTally({ runId, window, grace, onFinding: options.onFinding })
  try {
    for (const name of options.question.pairs) {
      const pair = createPair(name, patient.legacy, patient.messaging)
      const kinds = kindsOf[name].filter((kind) => options.question.kinds.includes(kind))
      const verify = createVerify({ ...patient, kinds, grace, onFinding: (finding) => tally.add(finding) })
      await comparePair({ options, pair, memory, openFrom, tally, verify, differed: false })
    }
  } finally {
    await memory.end()
  }
  return tally.report()
}

interface PairRun {
  readonly options: ReconcileOptions
  readonly pair: Pair
  readonly memory: Memory
  readonly openFrom: number
  readonly tally: Tally
  readonly verify: Verify
  /** Where the last stretch differed, the next one may as well. */
  differed: boolean
}

async function comparePair(run: PairRun): Promise<void> {
  const { options, pair, memory, openFrom, tally, verify } = run
  const { window, signal, onProgress, throttlePercent = 100 } = options
  const walk = await startWalk(pair, window, openFrom, memory)
  tally.begin(pair.name)
  for (;;) {
    signal?.throwIfAborted()
    const beganMs = performance.now()
    const step = await walk.next()
    if (!step) return verify.finish()
    walk.learn(await takeStep(run, step))
    const reached = step.kind === 'compare' ? step.buckets.to : step.range.to
    onProgress?.({ pair: pair.name, reachedMs: bucketStartMs(reached), ...tally.soFar })
    const pauseMs = (performance.now() - beganMs) * (100 / throttlePercent - 1)
    if (pauseMs >= 1) await sleep(pauseMs, undefined, signal ? { signal } : {})
  }
}

/** Returns how many messages the step looked at. */
async function takeStep(run: PairRun, step: Step): Promise<number> {
  const { pair, memory, tally, verify } = run
  if (step.kind === 'remembered') {
    await verify.look(await memory.suspects(pair.name, step.range.from))
    tally.count(pair.name, step.range.leftMessages, step.range.rightMessages, true)
    return step.range.leftMessages + step.range.rightMessages
  }
  const suspects: string[] = []
  const result = await findSuspects(pair, step.buckets, !run.differed, async (found) => {
    // One more than can be remembered says enough.
    suspects.push(...found.slice(0, SUSPECTS_MAX + 1 - suspects.length))
    await verify.look(found)
  })
  run.differed = result.differs
  tally.count(pair.name, result.left.messages, result.right.messages, false)
  if (step.isClosed) await memory.remember(pair.name, step.buckets, result, suspects)
  return result.left.messages + result.right.messages
}

/** The database, with each statement repeated while the server is away; nothing here does harm twice. */
function waitFor(database: Database, patienceMs: number): Database {
  return {
    ...database,
    run: (statement, parameters) => untilKnown(patienceMs, () => database.run(statement, parameters)),
    transaction: (work) => untilKnown(patienceMs, () => database.transaction(work)),
  }
}
