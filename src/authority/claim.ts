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

export interface AcceptedMessage {
  readonly messageUuid: string
  readonly recipient: string
  readonly sender: string | null
  readonly body: string
}

type Returned = { message_uuid: string }
const accept = statement<Returned>(import.meta.url, './sql/accept.sql')
const claimLegacy = statement<Returned>(import.meta.url, './sql/claim-legacy.sql')
const giveUp = statement<Returned>(import.meta.url, './sql/give-up.sql')

/**
 * The three ways into the ledger. Each is one statement that inserts what is absent and is repeated under the
 * same token until its outcome is known, then reads who holds the rest. Messages of one call must be distinct.
 * All throw {@link LedgerUnavailable} after `deadlineMs`.
 */
export interface Claims {
  /** Acceptance by the service: the claim and the `go_sms_logs` row, one transaction. */
  accept(messages: readonly AcceptedMessage[]): Promise<Claim<'accepted'>[]>
  /** The legacy claim, which is the dispatch as well: the winner holds a permit and must send now. */
  claimForLegacy(messageUuids: readonly string[], provider: string): Promise<Claim<Permit>[]>
  /** Nobody will ever send these. */
  giveUp(messageUuids: readonly string[], reason: string): Promise<Claim<'void'>[]>
}

export function createClaims(database: Database, deadlineMs: number): Claims {
  async function claim(
    action: string,
    insert: Statement<Returned>,
    messageUuids: readonly string[],
    parametersFor: (token: string) => readonly Parameter[],
  ): Promise<{ token: string; lost: Map<string, AuthorityRow> }> {
    const token = randomUUID()
    const attempt = async () => {
      const inserted = new Set(
        (await database.run(insert, parametersFor(token))).map((row) => row.message_uuid),
      )
      const others = messageUuids.filter((messageUuid) => !inserted.has(messageUuid))
      const rows =
        others.length === 0 ? new Map<string, AuthorityRow>() : await readAuthority(database, others)
      const vanished = others.find((messageUuid) => !rows.has(messageUuid))
      if (vanished)
        throw new Error(`ledger: ${action}: message ${vanished} has neither been inserted nor found`)
      // A row under our own token: an earlier run of this very statement whose answer was lost.
      const lost = [...rows].filter(([, row]) => row.attemptToken !== token)
      return { token, lost: new Map(lost) }
    }
    try {
      return await untilKnown(deadlineMs, attempt)
    } catch (error) {
      throw new LedgerUnavailable(action, token, error)
    }
  }

  return {
    async accept(messages) {
      const uuids = messages.map((message) => message.messageUuid)
      const { lost } = await claim('accept', accept, uuids, (token) => [
        uuids,
        messages.map((message) => message.recipient),
        messages.map((message) => message.sender),
        messages.map((message) => message.body),
        token,
      ])
      return uuids.map((uuid) => pick(lost, uuid, () => 'accepted' as const))
    },
    async claimForLegacy(messageUuids, provider) {
      const { token, lost } = await claim('claim for legacy', claimLegacy, messageUuids, (token) => [
        messageUuids,
        token,
        provider,
      ])
      return messageUuids.map((uuid) => pick(lost, uuid, () => makePermit(uuid, 'legacy', token)))
    },
    async giveUp(messageUuids, reason) {
      const { lost } = await claim('give up', giveUp, messageUuids, (token) => [messageUuids, token, reason])
      return messageUuids.map((uuid) => pick(lost, uuid, () => 'void' as const))
    },
  }
}

function pick<Won>(lost: ReadonlyMap<string, AuthorityRow>, uuid: string, won: () => Won): Claim<Won> {
  const row = lost.get(uuid)
  return row ? { lost: row } : { won: won() }
}
