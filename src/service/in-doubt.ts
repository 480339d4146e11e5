import type { Logger } from 'pino'
import { beginChecks, endCheck, type BegunCheck, type Settler } from '../authority/in-doubt.ts'
import { settleProven } from '../authority/proof.ts'
import type { Database } from '../db/database.ts'
import { repeat } from '../process/repeat.ts'
import type { LaterEvidence, SmsProvider } from '../providers/provider.ts'

export interface InDoubtOptions {
  readonly database: Database
  readonly providers: readonly SmsProvider[]
  /** Bound on one look-up or replay, beyond the provider's own timeout. */
  readonly requestMs: number
  readonly intervalMs: number
  readonly log: Logger
}

const REPLAYS_MAX = 4
const LOOK_UPS_MAX = 16
/** Vendors show a message a moment after they took it. Each further check waits twice as long. */
const FIRST_PAUSE_MS = 5_000
const CHECKS_AT_ONCE = 20

/**
 * Settles what the provider's protection class allows: a replay that is accepted, or a look-up that finds the
 * message, proves that it was sent. Nothing here proves that it was not: the rest waits for a receipt or a person.
 */
export function startInDoubtWorker(options: InDoubtOptions): { stop(): Promise<void> } {
  const { database, providers, requestMs, intervalMs, log } = options
  const settlers = providers.flatMap((provider) => settlerOf(provider, requestMs))
  const byName = new Map(providers.map((provider) => [provider.name, provider]))
  const stopping = new AbortController()

  async function round(): Promise<void> {
    const begunAt = performance.now()
    const checks = await beginChecks(database, settlers, FIRST_PAUSE_MS, CHECKS_AT_ONCE)
    const settled = await Promise.all(checks.map((check) => perform(check, begunAt)))
    const sent = settled.filter(Boolean).length
    if (checks.length > 0) log.info({ checks: checks.length, sent }, 'in doubt: checked')
  }

  async function perform(check: BegunCheck, begunAt: number): Promise<boolean> {
    const provider = byName.get(check.provider)
    // Held up until its time is over, a check requests nothing: somebody may have decided meanwhile.
    const isLate = performance.now() - begunAt > requestMs / 2
    const evidence: LaterEvidence =
      provider && !isLate
        ? await ask(provider, check).catch(failed)
        : { kind: 'proves_nothing', reason: 'no request was made' }
    if (evidence.kind === 'sent') await settleSent(check, evidence.providerMessageId)
    await endCheck(database, check, evidence.kind === 'sent' ? 'sent' : evidence.reason)
    return evidence.kind === 'sent'
  }

  function failed(err: unknown): LaterEvidence {
    log.error({ err }, 'in doubt: the check failed')
    return { kind: 'proves_nothing', reason: 'the check failed in this process' }
  }

  async function settleSent(check: BegunCheck, providerMessageId: string): Promise<void> {
    const { messageUuid, attemptToken, kind, number, provider } = check
    const proof =
      kind === 'replay'
        ? {
            kind: 'answer' as const,
            detail: `${provider}: replay ${number} was accepted as ${providerMessageId}`,
          }
        : { kind: 'lookup_found' as const, detail: `${provider}: found as ${providerMessageId}` }
    const actor = 'go in-doubt worker'
    await settleProven(database, { messageUuid, attemptToken, to: 'sent', providerMessageId, proof, actor })
  }

  const working = repeat(intervalMs, stopping.signal, round, (err) =>
    log.error({ err }, 'in doubt: round failed'),
  )
  return {
    stop() {
      stopping.abort()
      return working
    },
  }
}

function settlerOf({ name, protection }: SmsProvider, requestMs: number): Settler[] {
  const base = { provider: name, requestMs }
  if (protection.kind === 'dedupe') {
    return [{ ...base, kind: 'replay', windowMs: protection.windowMs, checksMax: REPLAYS_MAX }]
  }
  if (protection.kind === 'lookupByReference') {
    return [{ ...base, kind: 'look_up', windowMs: protection.keptMs, checksMax: LOOK_UPS_MAX }]
  }
  return []
}

async function ask({ protection }: SmsProvider, check: BegunCheck): Promise<LaterEvidence> {
  const { messageUuid, recipient, sender, body, permit } = check
  const sentAtMs = Math.floor(check.dispatchedAtMs)
  if (protection.kind === 'lookupByReference') return protection.lookUp({ messageUuid, sentAtMs })
  if (protection.kind !== 'dedupe' || !permit) return { kind: 'proves_nothing', reason: 'nothing to ask' }
  return protection.replay(permit, { messageUuid, recipient, sender, body, firstSentAtMs: sentAtMs })
}
