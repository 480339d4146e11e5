import type { Runner } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { readFence, type Fence } from './fence.ts'
import { coverLostTime } from './lost-time.ts'
import { forgottenMessages, openMessages, takenBack, type Forgotten } from './lost-messages.ts'
import type { RestoreDatabases, Step } from './restore-step.ts'
import { voidUnspentTokens } from './void-tokens.ts'

export interface MarkOptions {
  /** When the copy was taken; the newest moment the ledger knows of, where nobody says. The earlier one counts. */
  readonly takenAt?: Date
  /** How far clocks may differ. */
  readonly marginMs: number
  readonly execute: boolean
}

export interface Marked {
  readonly horizon: Date
  /** Entered by the gateway and unknown to the ledger: in doubt from now on, but for those below. */
  readonly forgotten: number
  /** Of these, rejected by the service: never to be sent. */
  readonly rejected: number
  /** Of these, scheduled for a time that had not come: nobody has sent them, they are held again until then. */
  readonly held: number
  /** Unsent or under way in the copy: in doubt from now on. */
  readonly open: number
  /** Whether the gateway's own records went back in time, too: then claims of that time are refused for ever. */
  readonly coversLostTime: boolean
}

const newest = statement<{ newest: Date | null }>(import.meta.url, './sql/newest.sql')
const behind = statement<never>(import.meta.url, './sql/work-behind-fence.sql')
const insert = statement<{ message_uuid: string }>(import.meta.url, './sql/insert-forgotten.sql')
const log = statement<never>(import.meta.url, './sql/log-forgotten.sql')
const handBack = statement<{ message_uuid: string }>(import.meta.url, './sql/hand-back-marked.sql')
const dispatch = statement<never>(import.meta.url, './sql/dispatch-marked.sql')
const doubt = statement<{ message_uuid: string }>(import.meta.url, './sql/doubt-marked.sql')
const end = statement<{ fence_id: number }>(import.meta.url, './sql/end-mark.sql')

const LOGGED_AS = { go: 'accepted', handed_back: 'handed_back', nobody: 'rejected', legacy: null } as const
/** In place of a provider's name: which one it was is lost. */
const UNKNOWN_PROVIDER = 'unknown'

/**
 * Puts in doubt whatever may have been sent without this ledger's knowledge, so that nobody sends it again. Behind the
 * fence alone. Safe to repeat: what is marked stays so. Without `execute` it counts and changes nothing.
 */
export async function markLost(databases: RestoreDatabases, options: MarkOptions): Promise<Step<Marked>> {
  const { messaging } = databases
  const fence = await readFence(messaging)
  if (!fence) return { kind: 'not_now', why: 'no fence is raised: run baton restore fence --execute first' }
  const horizon = await horizonOf(databases, fence, options)
  const from = new Date(horizon.getTime() - options.marginMs)
  if (options.execute) await voidUnspentTokens(databases, fence)
  const dueUntil = new Date(fence.raised_ms + options.marginMs)
  const bounds = { from, until: fence.entered_until, dueUntil }
  let [forgotten, rejected, held, open] = [0, 0, 0, 0]
  for await (const piece of forgottenMessages(databases, bounds)) {
    forgotten += piece.length
    rejected += piece.filter(({ way }) => way === 'nobody').length
    held += piece.filter((message) => message.held).length
    if (options.execute) await markForgotten(databases, fence, piece)
  }
  // What was put in just now stands in doubt already.
  for await (const piece of openMessages(databases, dueUntil)) {
    open += piece.length
    if (options.execute) await markOpen(databases, fence, piece)
  }
  const coversLostTime = await coverLostTime(databases, fence, from, options.execute)
  const value = { horizon, forgotten, rejected, held, open, coversLostTime }
  if (options.execute)
    await messaging.run(end, [fence.fence_id, horizon.toISOString(), forgotten - held + open])
  return { kind: 'done', value }
}

async function horizonOf(
  { messaging }: RestoreDatabases,
  fence: Fence,
  { takenAt }: MarkOptions,
): Promise<Date> {
  if (fence.horizon) return fence.horizon
  const [row] = await messaging.run(newest)
  // An empty ledger knows nothing: everything that was ever entered may have been sent.
  const known = row?.newest ?? new Date(0)
  return takenAt && takenAt < known ? takenAt : known
}

const reasonOf = (fence: Fence): string =>
  `restored ledger (fence ${fence.fence_id}): may have been sent without its knowledge`

function behindFence<Result>(
  { messaging }: RestoreDatabases,
  fence: Fence,
  work: (runner: Runner) => Promise<Result>,
): Promise<Result> {
  return messaging.transaction(async (runner) => {
    await runner.run(behind, [String(fence.fence_id)])
    return work(runner)
  })
}

async function markForgotten(
  databases: RestoreDatabases,
  fence: Fence,
  piece: readonly Forgotten[],
): Promise<void> {
  const uuids = piece.map(({ messageUuid }) => messageUuid)
  const reason = reasonOf(fence)
  await behindFence(databases, fence, async (runner) => {
    await runner.run(insert, [
      uuids,
      piece.map(({ way }) => way),
      UNKNOWN_PROVIDER,
      reason,
      piece.map(({ held }) => held),
      piece.map(({ sendAt }) => sendAt),
      piece.map(({ validUntil }) => validUntil),
      piece.map(({ priority }) => priority),
    ])
    const logged = piece.filter(({ way }) => way !== 'legacy')
    await runner.run(log, [
      logged.map(({ messageUuid }) => messageUuid),
      logged.map(({ recipient }) => recipient),
      logged.map(({ sender }) => sender),
      logged.map(({ way, body }) => (way === 'nobody' ? null : body)),
      logged.map(({ way }) => LOGGED_AS[way]),
      reason,
    ])
    const doubtful = piece.filter(({ held }) => !held).map(({ messageUuid }) => messageUuid)
    await putInDoubt(runner, doubtful, reason)
  })
}

/** What the gateway knows as handed back is the legacy side's, as it was when the time was lost. */
async function markOpen(databases: RestoreDatabases, fence: Fence, piece: readonly string[]): Promise<void> {
  const back = await takenBack(databases, piece)
  await behindFence(databases, fence, async (runner) => {
    await runner.run(handBack, [back, reasonOf(fence)])
    await putInDoubt(runner, piece, reasonOf(fence))
  })
}

async function putInDoubt(runner: Runner, uuids: readonly string[], reason: string): Promise<void> {
  await runner.run(dispatch, [uuids, UNKNOWN_PROVIDER])
  await runner.run(doubt, [uuids, reason])
}
