import { setTimeout as sleep } from 'node:timers/promises'
import type { Runner } from '../db/database.ts'
import { classify, type Finding, type Grace, type MismatchKind } from './classify.ts'
import { readRecords } from './message-record.ts'

export interface VerifyOptions {
  readonly legacy: Runner
  readonly messaging: Runner
  /** What is asked about; other differences of the same messages are left to whoever asks about them. */
  readonly kinds: readonly MismatchKind[]
  readonly grace: Grace
  readonly onFinding: (finding: Finding) => void | Promise<void>
}

const BATCH = 1_000
const SETTLE_MS = 100

/**
 * Looks at suspects one by one, each with everything both databases have of it now. What still looks wrong is
 * read once more after a moment: only what is wrong both times is reported, so that a message that changed
 * between the reads of the two databases is none.
 */
export interface Verify {
  look(messageUuids: readonly string[]): Promise<void>
  /** Takes the second look at what still waits for it. */
  finish(): Promise<void>
}

export function createVerify(options: VerifyOptions): Verify {
  const { legacy, messaging, kinds, grace, onFinding } = options
  // Seen wrong once, by key; at most a batch and what one look adds.
  let waiting = new Map<string, Finding>()
  let lastLookMs = 0

  async function read(messageUuids: readonly string[]): Promise<Map<string, Finding>> {
    const records = await readRecords(legacy, messaging, messageUuids)
    const findings = records.flatMap((record) => classify(record, grace))
    return new Map(findings.filter(({ kind }) => kinds.includes(kind)).map((one) => [keyOf(one), one]))
  }

  async function finish(): Promise<void> {
    if (waiting.size === 0) return
    const first = waiting
    waiting = new Map()
    const pauseMs = lastLookMs + SETTLE_MS - performance.now()
    if (pauseMs > 0) await sleep(pauseMs)
    const uuids = [...new Set([...first.values()].map(({ messageUuid }) => messageUuid))]
    for (let start = 0; start < uuids.length; start += BATCH) {
      const again = await read(uuids.slice(start, start + BATCH))
      for (const [key, finding] of again) if (first.has(key)) await onFinding(finding)
    }
  }

  return {
    async look(messageUuids) {
      for (let start = 0; start < messageUuids.length; start += BATCH) {
        for (const entry of await read(messageUuids.slice(start, start + BATCH))) waiting.set(...entry)
        lastLookMs = performance.now()
        if (waiting.size >= BATCH) await finish()
      }
    },
    finish,
  }
}

const keyOf = ({ messageUuid, kind, dryRun }: Finding): string => `${messageUuid} ${kind} ${dryRun}`
