import { randomUUID } from 'node:crypto'
import type { AuthorityRow } from '../core/authority-state.ts'
import type { Database, Parameter } from '../db/database.ts'
import { statement, type Statement } from '../db/statement.ts'
import { untilKnown } from '../db/until-known.ts'
import { makePermit, type Permit } from './permit-maker.ts'
import { readAuthority } from './rows.ts'
import { LedgerUnavailable } from './unavailable.ts'

/** Result of a claim: won under our token, or lost to the row that was there before. */
export type Claim<Won> = { readonly won: Won } | { readonly lost: AuthorityRow }

/** `stopped`: the recipient has opted out, so nothing was claimed. */
export type AcceptClaim = Claim<'accepted'> | { readonly stopped: true }

export interface AcceptedMessage {
  readonly messageUuid: string
  readonly recipient: string
  readonly sender: string | null
  readonly body: string
  /** The providers that may send it, the best first; absent: any. */
  readonly route?: readonly string[]
  /** Name of the sender's own pace, where it has one. */
  readonly paced?: string
  /** 0 one-time codes, 1 ordinary (the default), 2 bulk. */
  readonly priority?: number
  /** Not dispatched before; ISO 8601. */
  readonly sendAt?: string | undefined
  /** Void past it; ISO 8601. */
  readonly validUntil?: string | undefined
  /** Name of the windows it may be dispatched in; absent: at any time. */
  readonly window?: string
}

/** When a message may be sent: not before, and void past it; ISO 8601, by the ledger's clock. */
export interface SendTimes {
  readonly sendAt: string | null
  readonly validUntil: string | null
}

type Returned = { message_uuid: string; is_claimed?: boolean; is_dispatched?: boolean }
const accept = statement<Returned>(import.meta.url, './sql/accept.sql')
const claimLegacy = statement<Returned>(import.meta.url, './sql/claim-legacy.sql')
const giveUp = statement<Returned>(import.meta.url, './sql/give-up.sql')

/**
 * The three ways into the ledger. Each is one statement that inserts what is absent and is repeated under the
 * same token until its outcome is known, then reads who holds the rest. A message named twice in one call wins
 * at most once: the later mention loses to the row of the first. All throw {@link LedgerUnavailable} after
 * `deadlineMs`.
 */
export interface Claims {
  /** Acceptance by the service: the claim and the `go_sms_logs` row, one transaction. */
  readonly accept: (messages: readonly AcceptedMessage[]) => Promise<AcceptClaim[]>
  /**
   * The legacy claim, which is the dispatch as well: the winner holds a permit and must send now. `times` belong
   * to the messages by position. What is not due is held for legacy (`claimed`, with `heldUntil`), what is past
   * its validity is void: both are reported as lost to the row that now stands there.
   */
  readonly claimForLegacy: (
    messageUuids: readonly string[],
    provider: string,
    times?: readonly SendTimes[],
  ) => Promise<Claim<Permit>[]>
  /** Nobody will ever send these. */
  readonly giveUp: (messageUuids: readonly string[], reason: string) => Promise<Claim<'void'>[]>
}

interface ClaimOptions {
  /** Filled with the messages whose recipients have opted out. */
  readonly stopped?: Set<string>
  /** Whether a row under our own token is the claim that was meant. */
  readonly isWon?: (row: AuthorityRow) => boolean
}

function timeColumns(messageUuids: readonly string[], times: readonly SendTimes[]): Parameter[] {
  return [
    messageUuids.map((_, index) => times[index]?.sendAt ?? null),
    messageUuids.map((_, index) => times[index]?.validUntil ?? null),
  ]
}

const isDispatched = ({ state }: AuthorityRow): boolean => state !== 'claimed' && state !== 'void'

export function createClaims(database: Database, deadlineMs: number): Claims {
  async function claim<Won>(
    action: string,
    insert: Statement<Returned>,
    messageUuids: readonly string[],
    parametersFor: (token: string) => readonly Parameter[],
    won: (messageUuid: string, token: string) => Won,
    { stopped = new Set(), isWon = () => true }: ClaimOptions = {},
  ): Promise<Claim<Won>[]> {
    const token = randomUUID()
    const attempt = async () => {
      const returned = await database.run(insert, parametersFor(token))
      const inserted = new Set(
        returned.flatMap((row) => (row.is_dispatched === false ? [] : [row.message_uuid])),
      )
      stopped.clear()
      for (const { message_uuid, is_claimed } of returned) {
        if (is_claimed === false) stopped.add(message_uuid)
      }
      const first = new Set<string>()
      const isRepeated = (uuid: string) => first.has(uuid) || !first.add(uuid)
      const others = messageUuids.filter((uuid) => isRepeated(uuid) || !inserted.has(uuid))
      return others.length === 0 ? new Map<string, AuthorityRow>() : readAuthority(database, others)
    }
    const rows = await untilKnown(deadlineMs, attempt).catch((error: unknown) => {
      throw new LedgerUnavailable(action, token, error)
    })
    const named = new Set<string>()
    return messageUuids.map((uuid) => {
      const row = rows.get(uuid)
      const isFirst = !named.has(uuid)
      named.add(uuid)
      // A row under our own token is ours: just inserted, or by an earlier run whose answer was lost.
      const isOurs = isFirst && row?.attemptToken === token && isWon(row)
      return row && !isOurs ? { lost: row } : { won: won(uuid, token) }
    })
  }

  return {
    async accept(messages) {
      // Named twice, a message would be logged twice: the first mention stands.
      const distinct = [...new Map(messages.toReversed().map((one) => [one.messageUuid, one])).values()]
      const columns = (token: string) => [
        distinct.map((message) => message.messageUuid),
        distinct.map((message) => message.recipient),
        distinct.map((message) => message.sender),
        distinct.map((message) => message.body),
        token,
        distinct.map((message) => message.route?.[0] ?? ''),
        distinct.map((message) => `{${(message.route ?? []).join(',')}}`),
        distinct.map((message) => message.paced ?? ''),
        distinct.map((message) => message.priority ?? 1),
        distinct.map((message) => message.sendAt ?? null),
        distinct.map((message) => message.validUntil ?? null),
        distinct.map((message) => message.window ?? ''),
      ]
      const uuids = messages.map((message) => message.messageUuid)
      const stopped = new Set<string>()
      const claims = await claim('accept', accept, uuids, columns, () => 'accepted' as const, { stopped })
      return claims.map((one, index) => (stopped.has(uuids[index] ?? '') ? { stopped: true } : one))
    },
    claimForLegacy(messageUuids, provider, times = []) {
      const columns = (token: string) => [messageUuids, token, provider, ...timeColumns(messageUuids, times)]
      const permit = (uuid: string, token: string) => makePermit(uuid, 'legacy', token)
      return claim('claim for legacy', claimLegacy, messageUuids, columns, permit, { isWon: isDispatched })
    },
    giveUp(messageUuids, reason) {
      const columns = (token: string) => [messageUuids, token, reason]
      return claim('give up', giveUp, messageUuids, columns, () => 'void' as const)
    },
  }
}
