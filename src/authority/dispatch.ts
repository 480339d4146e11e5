import { randomUUID } from 'node:crypto'
import { classifyFailure } from '../db/failure.ts'
import type { Database, Parameter } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { untilKnown } from '../db/until-known.ts'
import { slotColumns, type Openings } from './windows.ts'
import { makePermit, type Permit } from './permit-maker.ts'
import { readAuthority } from './rows.ts'
import { LedgerUnavailable } from './unavailable.ts'

/** A message whose `dispatched` is committed: send it now, once. */
export interface Dispatched {
  readonly permit: Permit
  /** Number of this attempt, 1 for the first. */
  readonly attempts: number
  /** The provider this attempt is by. */
  readonly provider: string
  /** The providers that may send it, the best first; empty: any. */
  readonly route: readonly string[]
  readonly recipient: string
  readonly sender: string | null
  readonly body: string
  /** By the database's clock, in ms since the epoch. */
  readonly dispatchedAtMs: number
  /** How long it may still be sent; null: for ever. */
  readonly validMs: number | null
}

interface DispatchedRow {
  message_uuid: string
  attempts: number
  route: string[]
  recipient: string
  sender: string | null
  body: string
  dispatched_at_ms: number
  valid_ms: number | null
}

const dispatch = statement<DispatchedRow>(import.meta.url, './sql/dispatch.sql')
const dispatchPaced = statement<DispatchedRow>(import.meta.url, './sql/dispatch-paced.sql')
const dispatchedUnder = statement<DispatchedRow & { provider: string }>(
  import.meta.url,
  './sql/dispatched-under.sql',
)
const dispatchLegacy = statement<{ message_uuid: string }>(import.meta.url, './sql/dispatch-legacy.sql')
const makePaces = statement<never>(import.meta.url, './sql/make-paces.sql')

const LOST_ANSWERS_MAX = 16
const PRIORITIES = [0, 1, 2]
/** Of messages that were claimed before they could be routed. */
const ANY_LANE = ''

/** Messages per second, held across all processes that share the ledger. */
export interface Pace {
  readonly name: string
  readonly perSecond: number
  /** Most messages that an unused pace lets through at once. */
  readonly burst: number
}

export interface TakeOptions {
  /** The pace of a sender whose messages queue apart; '' for all others. */
  readonly paced?: string
  /** What is taken is held to all of these. */
  readonly paces?: readonly Pace[]
  /** Absent: nothing is bound to windows. */
  readonly openings?: Openings
}

/** The second compare-and-set, for the service: takes claimed messages to `dispatched`. */
export interface Dispatching {
  /**
   * Up to `limit` messages of the provider's lane, each with its permit. Throws when the database fails; a
   * dispatch whose commit answer was lost is found again by its token in a later call for the same provider.
   */
  take(limit: number, provider: string, options?: TakeOptions): Promise<Dispatched[]>
  /** Makes the rows of these paces; a pace without one lets nothing through. Safe to repeat. */
  preparePaces(names: readonly string[]): Promise<void>
}

export function createDispatching(database: Database): Dispatching {
  // Tokens of dispatches without an answer. They may still commit; until then the row is not theirs.
  let lostAnswers: { readonly token: string; readonly provider: string }[] = []

  async function findLost(provider: string): Promise<Dispatched[]> {
    for (const lost of lostAnswers.filter((one) => one.provider === provider)) {
      const rows = await database.run(dispatchedUnder, [lost.token])
      if (rows.length === 0) continue
      lostAnswers = lostAnswers.filter((one) => one !== lost)
      return rows.map((row) => toDispatched(row, row.provider, lost.token))
    }
    return []
  }

  return {
    async take(limit, provider, { paced = '', paces = [], openings } = {}) {
      const found = await findLost(provider)
      if (found.length > 0) return found
      const token = randomUUID()
      const lanes = paced === '' ? [provider, ANY_LANE] : [provider]
      const columns = slotColumns(lanes, PRIORITIES, openings)
      const parameters: Parameter[] = [limit, token, provider, ...columns.slots, paced]
      try {
        const rows =
          paces.length === 0
            ? await database.run(dispatch, [...parameters, ...columns.openings])
            : await database.run(dispatchPaced, [...parameters, ...columnsOf(paces), ...columns.openings])
        return rows.map((row) => toDispatched(row, provider, token))
      } catch (error) {
        if (classifyFailure(error) === 'unknown')
          lostAnswers = [...lostAnswers, { token, provider }].slice(-LOST_ANSWERS_MAX)
        throw error
      }
    },
    async preparePaces(names) {
      if (names.length > 0) await database.run(makePaces, [names])
    },
  }
}

function columnsOf(paces: readonly Pace[]): Parameter[] {
  return [
    paces.map(({ name }) => name),
    paces.map(({ perSecond }) => 1_000_000 / perSecond),
    paces.map(({ burst }) => burst),
  ]
}

function toDispatched(row: DispatchedRow, provider: string, token: string): Dispatched {
  const { message_uuid, attempts, route, recipient, sender, body } = row
  return {
    permit: makePermit(message_uuid, 'go', token),
    attempts,
    provider,
    route,
    recipient,
    sender,
    body,
    dispatchedAtMs: row.dispatched_at_ms,
    validMs: row.valid_ms,
  }
}

/**
 * Takes messages that the legacy side holds (`claimed`: handed back, or proven not executed) to `dispatched`.
 * Returns permits for those that were still claimed, due and valid. Repeated under its token until the outcome is
 * known; throws {@link LedgerUnavailable} after `deadlineMs`: then no permit was made, and nothing is sent.
 */
export async function dispatchForLegacy(
  database: Database,
  messageUuids: readonly string[],
  provider: string,
  deadlineMs: number,
): Promise<Permit[]> {
  const token = randomUUID()
  let runs = 0
  const attempt = async () => {
    const isRerun = runs++ > 0
    const rows = await database.run(dispatchLegacy, [messageUuids, token, provider])
    const dispatched = new Set(rows.map((row) => row.message_uuid))
    const ledger = isRerun ? await readAuthority(database, messageUuids) : new Map()
    const isOurs = (uuid: string): boolean =>
      dispatched.has(uuid) ||
      (ledger.get(uuid)?.attemptToken === token && ledger.get(uuid)?.state === 'dispatched')
    return [...new Set(messageUuids)].filter(isOurs)
  }
  const ours = await untilKnown(deadlineMs, attempt).catch((error: unknown) => {
    throw new LedgerUnavailable('dispatch for legacy', token, error)
  })
  return ours.map((messageUuid) => makePermit(messageUuid, 'legacy', token))
}
