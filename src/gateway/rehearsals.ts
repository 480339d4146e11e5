import type { Logger } from 'pino'
import type { Treatment } from '../core/treatment.ts'
import type { Database } from '../db/database.ts'
import { groupCommit } from '../db/group-commit.ts'
import { statement } from '../db/statement.ts'
import type { OutgoingMessage } from '../providers/provider.ts'
import type { LegacyDriver, Rehearsal } from './legacy-driver.ts'
import { legacyTreatment, type LegacyFacts } from './legacy-treatment.ts'

/** A rehearsal's answer as it is kept. */
export interface RehearsedAnswer extends Treatment {
  readonly verdict: 'send' | 'refuse'
}

interface Rehearsed {
  readonly message: OutgoingMessage
  readonly epoch: number
}

interface Row {
  readonly messageUuid: string
  readonly epoch: number
  readonly leftOut: 'dropped' | 'closed' | 'no_answer' | null
  readonly answers: readonly RehearsedAnswer[]
}

const log = statement<never>(import.meta.url, './sql/log-rehearsals.sql')

/** Messages asked about at a time: the legacy side has its own work to do. */
const TOGETHER_MAX = 8
const WAITING_MAX = 200
const ROWS_WAITING_MAX = 20_000

/**
 * The baseline of SHADOW: the legacy side is asked twice what it would do with a message, after the response and
 * without sending, so that its own disagreement is known. Bounded; what does not fit is dropped and counted.
 */
export interface Rehearsals {
  readonly canRehearse: boolean
  offer(message: OutgoingMessage, epoch: number): void
  readonly counts: { readonly rehearsed: number; readonly rehearsals_left_out: number }
  /** Drops what waits and resolves when nothing is in flight. */
  close(): Promise<void>
}

export interface RehearsalsOptions {
  readonly driver: LegacyDriver
  readonly facts: LegacyFacts
  readonly database: Database
  readonly logger: Logger
}

export function createRehearsals(options: RehearsalsOptions): Rehearsals {
  const { driver, facts, database, logger } = options
  const counts = { rehearsed: 0, rehearsals_left_out: 0 }
  const pending = new Set<Promise<void>>()
  let isClosed = false
  let isTrusted = true

  const asking = groupCommit<Rehearsed, Row>({
    run: async (batch) => {
      const first = await Promise.all(batch.map(({ message }) => ask(message)))
      const second = await Promise.all(batch.map(({ message }) => ask(message)))
      return batch.map((item, index) => toRow(item, [first[index], second[index]]))
    },
    batchMax: TOGETHER_MAX,
    inFlightMax: 1,
    waitingMax: WAITING_MAX,
  })
  const rows = groupCommit<Row, undefined>({
    run: async (batch) => {
      await database.run(log, toColumns(batch))
      return batch.map(() => undefined)
    },
    inFlightMax: 1,
    waitingMax: ROWS_WAITING_MAX,
  })

  async function ask(message: OutgoingMessage): Promise<RehearsedAnswer | undefined> {
    if (isClosed || !isTrusted || !driver.rehearse) return undefined
    const rehearsal: Rehearsal = await driver.rehearse(message)
    if (rehearsal.kind === 'not_a_rehearsal') {
      isTrusted = false
      const what = 'rehearsals end: the legacy side did not say that it only rehearsed, and may have sent'
      logger.error({ alarm: 'rehearsal', message_uuid: message.messageUuid, reason: rehearsal.reason }, what)
    }
    if (rehearsal.kind !== 'answer') return undefined
    const { verdict, told } = rehearsal
    return { verdict, ...legacyTreatment(message, verdict === 'send', told, facts) }
  }

  function toRow({ message, epoch }: Rehearsed, both: readonly (RehearsedAnswer | undefined)[]): Row {
    const answers = both.filter((answer) => answer !== undefined)
    const leftOut = answers.length === 2 ? null : isClosed ? 'closed' : 'no_answer'
    return { messageUuid: message.messageUuid, epoch, leftOut, answers }
  }

  async function rehearse(item: Rehearsed): Promise<void> {
    const { message, epoch } = item
    const dropped = { messageUuid: message.messageUuid, epoch, leftOut: 'dropped', answers: [] } as const
    const row = await asking.add(item).catch(() => dropped)
    if (row.leftOut === null) counts.rehearsed++
    else counts.rehearsals_left_out++
    await rows.add(row).catch((err: unknown) => logger.debug({ err }, 'rehearsal not recorded'))
  }

  return {
    canRehearse: driver.rehearse !== undefined,
    offer(message, epoch) {
      if (!driver.rehearse) return
      const work = rehearse({ message, epoch }).finally(() => pending.delete(work))
      pending.add(work)
    },
    counts,
    async close() {
      isClosed = true
      while (pending.size > 0) await Promise.all(pending)
    },
  }
}

function toColumns(batch: readonly Row[]) {
  const answer = (row: Row, index: number) => {
    const found = row.leftOut === null ? row.answers[index] : undefined
    return found ? JSON.stringify(found) : null
  }
  return [
    batch.map(({ messageUuid }) => messageUuid),
    batch.map(({ leftOut }) => leftOut),
    batch.map((row) => answer(row, 0)),
    batch.map((row) => answer(row, 1)),
    batch.map(({ epoch }) => epoch),
  ]
}
