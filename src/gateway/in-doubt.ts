import { readAuthority } from '../authority/rows.ts'
import { resolveInDoubt } from '../authority/resolve.ts'
import type { Resolution, Resolved, ServiceResolution } from '../contract/resolution.ts'
import type { AuthorityState, Holder } from '../core/authority-state.ts'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import type { HttpPeer } from '../http/exchange.ts'
import { problem } from '../http/server.ts'

export interface DoubtRow {
  readonly message_uuid: string
  readonly holder: Holder
  readonly provider: string
  readonly attempts: number
  readonly reason: string | null
  readonly dispatched_at: Date
  /** Look-ups and replays since. */
  readonly checks: number
}

interface CheckRow {
  readonly number: number
  readonly kind: 'look_up' | 'replay'
  readonly provider: string
  readonly started_at: Date
  readonly ended_at: Date | null
  readonly result: string | null
}

interface ProofRow {
  readonly from_state: AuthorityState
  readonly to_state: AuthorityState
  readonly kind: string
  readonly detail: string
  readonly actor: string
  readonly recorded_at: Date
}

/** Everything that bears on whether a message was sent. */
export interface DoubtView {
  readonly message_uuid: string
  readonly state: AuthorityState
  readonly holder: Holder | null
  readonly provider: string | null
  readonly provider_message_id: string | null
  readonly reason: string | null
  readonly checks: readonly CheckRow[]
  readonly proofs: readonly ProofRow[]
}

const list = statement<DoubtRow>(import.meta.url, './sql/in-doubt-list.sql')
const checks = statement<CheckRow>(import.meta.url, './sql/in-doubt-checks.sql')
const proofs = statement<ProofRow>(import.meta.url, './sql/proofs.sql')
const logResolved = statement<{ message_uuid: string }>(import.meta.url, './sql/log-resolved.sql')

const LISTED_MAX = 1_000
const SERVICE_TIMEOUT_MS = 5_000

export interface InDoubt {
  /** The oldest first, at most 1,000. */
  list(): Promise<DoubtRow[]>
  show(messageUuid: string): Promise<DoubtView>
  /** Keeps the decision as the proof and acts on it. Throws problems; nothing was changed then. */
  resolve(messageUuid: string, resolution: Resolution, actor: string): Promise<Resolved>
}

/** Messages in doubt for operators. What the service holds is decided by the service, which alone writes its log. */
export function createInDoubt(
  legacyDatabase: Database,
  ledgerDatabase: Database,
  service: HttpPeer,
): InDoubt {
  async function rowOf(messageUuid: string) {
    const row = (await readAuthority(ledgerDatabase, [messageUuid])).get(messageUuid)
    if (!row) throw problem(404, 'not_found', `message ${messageUuid}: is not known to the ledger`)
    return row
  }

  return {
    list: () => ledgerDatabase.run(list, [LISTED_MAX]),
    async show(messageUuid) {
      const { state, holder, provider, providerMessageId, reason } = await rowOf(messageUuid)
      return {
        message_uuid: messageUuid,
        state,
        holder,
        provider,
        provider_message_id: providerMessageId,
        reason,
        checks: await ledgerDatabase.run(checks, [messageUuid]),
        proofs: await ledgerDatabase.run(proofs, [messageUuid]),
      }
    },
    async resolve(messageUuid, resolution, actor) {
      const { holder } = await rowOf(messageUuid)
      return holder === 'go'
        ? askService(service, messageUuid, { ...resolution, actor })
        : resolveLegacy(legacyDatabase, ledgerDatabase, messageUuid, resolution, actor)
    },
  }
}

async function resolveLegacy(
  legacyDatabase: Database,
  ledgerDatabase: Database,
  messageUuid: string,
  { outcome, reason, provider_message_id: providerMessageId, send_again }: Resolution,
  actor: string,
): Promise<Resolved> {
  if (send_again) {
    const detail = `message ${messageUuid}: the legacy side tries once; send a new message instead`
    throw problem(409, 'legacy_tries_once', detail)
  }
  const to = outcome === 'sent' ? 'sent' : 'refused'
  const decision = { to, providerMessageId: providerMessageId ?? null, reason, actor } as const
  const resolving = await resolveInDoubt(ledgerDatabase, 'legacy', messageUuid, decision)
  // Said again after a crash in between, the same decision brings the log up to date.
  if (resolving.kind !== 'resolved' && !(resolving.kind === 'not_in_doubt' && resolving.state === to)) {
    throw problem(409, 'not_in_doubt', `message ${messageUuid}: is not in doubt`)
  }
  const status = to === 'sent' ? 'sent' : 'failed'
  await legacyDatabase.run(logResolved, [messageUuid, status, providerMessageId ?? null, reason])
  return { message_uuid: messageUuid, state: to }
}

async function askService(
  service: HttpPeer,
  messageUuid: string,
  resolution: ServiceResolution,
): Promise<Resolved> {
  const exchange = await service.exchange({
    method: 'POST',
    path: `/v1/in-doubt/${messageUuid}/resolution`,
    body: JSON.stringify(resolution),
    timeoutMs: SERVICE_TIMEOUT_MS,
  })
  if (exchange.kind !== 'answer') {
    const detail = `the messaging service holds the message and gave no answer: ${exchange.detail}: look again before you decide again`
    throw problem(503, 'service_away', detail)
  }
  const answer: unknown = JSON.parse(exchange.text)
  if (exchange.status === 200) return answer as Resolved
  const { error } = answer as { error: { code: string; message: string } }
  throw problem(exchange.status, error.code, error.message)
}
