// Faults that somebody could bring in. Each is planted in a copy of the sources; a simulation that does not find it
// proves nothing. What stands in SQL is planted in the statement's twin in memory, together with the hole in the
// ledger's wall that it needs there: the wall alone would stop it.

import { handOverBugs } from './hand-over-bugs.ts'
import { noWall } from './no-wall.ts'
import type { Bug } from './plant-bug.ts'

export const bugs: readonly Bug[] = [
  {
    name: 'the legacy side sends what it did not win',
    edits: [
      {
        file: 'src/authority/claim.ts',
        search: 'return row && !isOurs ? { lost: row } : { won: won(uuid, token) }',
        replace: 'return { won: won(uuid, token) }',
      },
    ],
  },
  {
    name: 'an expired dispatch is stolen',
    edits: [
      noWall,
      {
        file: 'prove/simulation/store/dispatch-statements.ts',
        search:
          "const waiting = tables.authority.all().filter((row) => row.holder === 'go' && row.state === 'claimed')",
        replace:
          "const waiting = tables.authority.all().filter((row) => row.holder === 'go' && (row.state === 'claimed' || (row.state === 'dispatched' && (row.dispatched_at ?? now) < now - 1_500)))",
      },
    ],
  },
  {
    name: 'the reaper frees',
    edits: [
      noWall,
      {
        file: 'prove/simulation/store/outcome-statements.ts',
        search:
          "updateAuthority(tables, row, { state: 'in_doubt', reason: 'no outcome was recorded in time' }, now)",
        replace: "updateAuthority(tables, row, { state: 'claimed', reason: null }, now)",
      },
    ],
  },
  {
    name: 'a message in doubt is sent again',
    edits: [
      {
        file: 'src/service/settle-attempt.ts',
        search: "await settle(permit, { state: 'in_doubt', reason: result.reason })",
        replace:
          "await tryAgain(permit, dispatched.provider, { kind: 'not_sent', reason: result.reason }, dispatched.provider, 0)",
      },
    ],
  },
  {
    name: 'a look-up that finds nothing counts as proof',
    edits: [
      {
        file: 'src/service/in-doubt.ts',
        search: "if (evidence.kind === 'sent') await settleSent(check, evidence.providerMessageId)",
        replace: `if (evidence.kind === 'sent') await settleSent(check, evidence.providerMessageId)
    else if (check.kind === 'look_up') await settleProven(database, { messageUuid: check.messageUuid,
      attemptToken: check.attemptToken, to: 'claimed', providerMessageId: null,
      proof: { kind: 'not_sent', detail: 'not found' }, actor: 'bug' })`,
      },
    ],
  },
  {
    name: 'the settler takes back a claim that may have been used',
    edits: [
      {
        file: 'src/gateway/settle-unresolved.ts',
        search: 'if (isOpen && authority.attemptToken === row.unspent_token) {',
        replace: 'if (isOpen) {',
      },
    ],
  },
  {
    name: 'the settler waits for ever for a claim that a person has ended',
    edits: [
      {
        file: 'src/gateway/settle-unresolved.ts',
        search: 'if (isOpen && authority.attemptToken === row.unspent_token) {',
        replace: 'if (authority.attemptToken === row.unspent_token) {',
      },
    ],
  },
  {
    name: 'a fallback makes a new message_uuid',
    edits: [
      {
        file: 'src/gateway/on-send.ts',
        search: 'group.map(({ message }) => message),',
        replace:
          "group.map(({ message }) => ({ ...message, messageUuid: message.messageUuid.replace(/^.{8}/, 'ffffffff') })),",
      },
    ],
  },
  {
    name: 'the second step of the claim is skipped for what was taken back',
    edits: [
      noWall,
      {
        file: 'prove/simulation/store/dispatch-statements.ts',
        search: `if (row?.holder !== 'legacy' || row.state !== 'claimed') return []
      const token = scalar<string>(parameters, 2)`,
        replace: `if (row?.holder !== 'legacy') return []
      const token = scalar<string>(parameters, 2)`,
      },
    ],
  },
  {
    name: 'quota is charged for a fallback',
    edits: [
      {
        file: 'src/core/quota.ts',
        search: "return accepted && outcome.source === 'go' ? 'charged' : 'released'",
        replace: "return accepted || outcome.status === 'sent' ? 'charged' : 'released'",
      },
    ],
  },
  {
    name: 'quota is settled twice',
    edits: [
      {
        file: 'prove/simulation/store/accounts.ts',
        search: "  check(account.reserved >= 0, 'quota_accounts_reserved_check')\n",
        replace: '',
      },
      {
        file: 'prove/simulation/store/record-statements.ts',
        search: 'if (tables.settlements.get(message_uuid)) return []',
        replace: '',
      },
    ],
  },
  {
    name: 'SHADOW touches quota',
    edits: [{ file: 'src/core/quota.ts', search: "return mode === 'ON'", replace: "return mode !== 'OFF'" }],
  },
  {
    name: 'a dry run dispatches',
    edits: [
      {
        file: 'src/service/answer-messages.ts',
        search: 'if (dry_run) {',
        replace: 'if (dry_run && messages.length === 0) {',
      },
    ],
  },
  {
    name: 'an acceptance whose commit is not known is reported accepted',
    edits: [
      {
        file: 'src/service/accept.ts',
        search: "if (error instanceof LedgerUnavailable || error instanceof QueueFull) return 'unresolved'",
        replace:
          "if (error instanceof LedgerUnavailable || error instanceof QueueFull) return 'accepted' as never",
      },
    ],
  },
  {
    name: 'a lost commit answer is taken for a failure',
    edits: [
      {
        file: 'src/gateway/legacy-send.ts',
        search:
          "unresolvedOutcome(messageUuid, 'legacy', 'the ledger cannot be asked', { fallback, unspentToken }),",
        replace:
          "({ ...unresolvedOutcome(messageUuid, 'legacy', 'failed', { fallback, unspentToken }), status: 'failed' as const, pending: null }),",
      },
    ],
  },
  {
    name: 'a late acceptance after a legacy claim is reported accepted',
    edits: [
      {
        file: 'src/service/accept.ts',
        search: "return claim.lost.holder === 'go' ? 'duplicate' : 'superseded'",
        replace: "return 'duplicate'",
      },
    ],
  },
  {
    name: 'real messages pass an open breaker',
    edits: [
      {
        file: 'src/gateway/breaker.ts',
        search: 'execute: (call) => policy.execute(call),',
        replace: 'execute: (call) => (policy.state === CircuitState.Closed ? policy.execute(call) : call()),',
      },
      {
        file: 'src/gateway/service-client.ts',
        search: "if (breaker.state !== 'closed') return units.map(() => breakerOpen)\n",
        replace: '',
      },
      {
        file: 'src/gateway/service-client.ts',
        search: "if (breaker.state !== 'closed') return messages.map(breakerOpen)\n",
        replace: '',
      },
    ],
  },
  {
    name: 'the recorder drops an answer',
    edits: [
      {
        file: 'src/gateway/record-answer.ts',
        search: 'const decided = all.filter(({ outcome }) => !outcome.pending)',
        replace: 'const decided = all.filter(({ outcome }) => !outcome.pending && outcome.fallback === null)',
      },
    ],
  },
  {
    name: 'a left request is ended without giving its messages up',
    edits: [
      {
        file: 'src/gateway/settle-left.ts',
        search: "if (absent.length > 0) await giveUp(absent, 'the request was left without an answer')",
        replace: '',
      },
    ],
  },
  {
    name: 'a gateway that was held up uses its permit',
    edits: [
      {
        file: 'src/gateway/legacy-send.ts',
        search: 'const isStale = performance.now() - askedAtMs > staleMs',
        replace: 'const isStale = performance.now() < 0',
      },
    ],
  },
  {
    name: 'a dispatcher that was held up uses its permit',
    edits: [
      {
        file: 'src/service/lane.ts',
        search: 'if (leftMs <= 0) return await settle(dispatched, heldUp)',
        replace: 'if (leftMs === -1) return await settle(dispatched, heldUp)',
      },
    ],
  },
  ...handOverBugs,
]
