import type { Logger } from 'pino'
import type { CallOutcome } from '../core/evidence.ts'
import type { Database } from '../db/database.ts'
import { groupCommit } from '../db/group-commit.ts'
import { statement } from '../db/statement.ts'

/**
 * Why a shadowed message has no dry run in `sms_logs`:
 *
 *   dropped         under load: too many waited
 *   closed          the gateway was stopping
 *   unreachable     no connection to the service
 *   timed_out       no whole answer in time
 *   broken_answer   a reset, a cut answer, somebody else's error, no verdict for it
 *   service_error   an error in the service's own words
 *   superseded      the service says that another holds it
 *   not_logged      the verdict was had and could not be written
 */
export const shadowReasons = [
  'dropped',
  'closed',
  'unreachable',
  'timed_out',
  'broken_answer',
  'service_error',
  'superseded',
  'not_logged',
] as const
export type ShadowReason = (typeof shadowReasons)[number]

export interface LeftOutMessage {
  readonly messageUuid: string
  readonly reason: ShadowReason
  readonly epoch: number
}

const note = statement<never>(import.meta.url, './sql/note-left-out.sql')

const WAITING_MAX = 50_000
const BATCH_MAX = 2_000

/** Writes down which messages were left out and why, batched. What cannot be written is counted by `onUnnoted`. */
export function createLeftOut(
  database: Database,
  logger: Logger,
  onUnnoted: () => void,
): (message: LeftOutMessage) => Promise<void> {
  const notes = groupCommit<LeftOutMessage, undefined>({
    run: async (batch) => {
      await database.run(note, [
        batch.map(({ messageUuid }) => messageUuid),
        batch.map(({ reason }) => reason),
        batch.map(({ epoch }) => epoch),
      ])
      return batch.map(() => undefined)
    },
    batchMax: BATCH_MAX,
    inFlightMax: 1,
    waitingMax: WAITING_MAX,
  })
  return (message) =>
    notes.add(message).catch((err: unknown) => {
      onUnnoted()
      logger.debug({ err }, 'shadow: could not note why a message was left out')
    })
}

/** Undefined for a verdict of the service. */
export function reasonOf(outcome: CallOutcome): ShadowReason | undefined {
  switch (outcome.kind) {
    case 'not_sent':
      return 'unreachable'
    case 'ambiguous':
      return outcome.cause === 'timeout' ? 'timed_out' : 'broken_answer'
    case 'answer':
      if (outcome.verdict === 'error') return 'service_error'
      return outcome.verdict === 'superseded' ? 'superseded' : undefined
  }
}
