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
export function createVerify(options: VerifyOptions): (messageUuids: readonly string[]) => Promise<void> {
  const { legacy, messaging, kinds, grace, onFinding } = options

  async function look(messageUuids: readonly string[]): Promise<Map<string, Finding>> {
    const records = await readRecords(legacy, messaging, messageUuids)
    const findings = records.flatMap((record) => classify(record, grace))
    return new Map(findings.filter(({ kind }) => kinds.includes(kind)).map((one) => [keyOf(one), one]))
  }

  return async (messageUuids) => {
    for (let start = 0; start < messageUuids.length; start += BATCH) {
      const first = await look(messageUuids.slice(start, start + BATCH))
      if (first.size === 0) continue
      await sleep(SETTLE_MS)
      const again = await look([...new Set([...first.values()].map((one) => one.messageUuid))])
      for (const [key, finding] of again) if (first.has(key)) await onFinding(finding)
    }
  }
}

const keyOf = ({ messageUuid, kind, dryRun }: Finding): string => `${messageUuid} ${kind} ${dryRun}`
