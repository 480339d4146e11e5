import type { Facts } from './facts.ts'
import { modesOfRow } from './facts.ts'
import { perFacts } from './per-facts.ts'
import { mentions } from './entities.ts'
import type { Sentence } from '../prose/prose.ts'

export type Invariant = 1 | 2 | 3 | 4

export const INVARIANT_NAMES: Readonly<Record<Invariant, string>> = {
  1: 'Single execution authority',
  2: 'UUID generated once, at the entry point',
  3: 'Laravel is the only writer to sms_logs',
  4: 'Quota decrement safety',
}

/** The text that a runbook without an invariant gets. */
export const INVARIANT_TEXTS: Readonly<Record<Invariant, readonly string[]>> = {
  1: [
    '**Single execution authority.** For a given `message_uuid` exactly one system performs the external',
    '   provider send. `OFF`: the legacy driver sends, and the Go service MUST NOT be called. `SHADOW`: the legacy',
    '   driver sends; the Go service is called with `dry_run=true`, MUST NOT call a provider, and MUST NOT change',
    '   the HTTP response or the quota. `ON`: the Go service sends (`dry_run=false`); legacy MUST NOT send unless',
    '   the Go call timed out (500 ms), failed in transport, or met an open circuit breaker.',
  ],
  2: [
    '**One identity.** `$messageUuidMap` is generated once, at the entry point, before any send logic. A',
    '   `message_uuid` MUST NOT be generated inside a retry loop or a provider loop.',
  ],
  3: [
    '**One writer.** Laravel is the only writer to `sms_logs`. The Go service MUST NOT write to `sms_logs`; it',
    "   writes to `go_sms_logs` only. Laravel writes Go results with `source = 'go'`, `message_uuid`,",
    '   `provider_message_id` and `status`.',
  ],
  4: [
    '**Quota.** The quota is decremented only when `mode == ON` and the status is `accepted` or `duplicate`. It',
    '   MUST NOT be decremented in `SHADOW`.',
  ],
}

/** Where each invariant stands as text: the first sentence that states it, or null. */
export const statedInvariants: (facts: Facts) => Record<Invariant, Sentence | null> = perFacts(findStated)

function findStated(facts: Facts): Record<Invariant, Sentence | null> {
  const live = facts.sentences.filter(({ instructs, unit }) => instructs && unit.kind !== 'heading')
  const find = (test: (text: string) => boolean): Sentence | null =>
    live.find(({ text }) => test(text)) ?? null
  return {
    1:
      find(
        (text) =>
          /\b(?:exactly|only) one (?:system|side|service|party|sender|of)\b|\bsingle (?:execution )?(?:authority|sender)\b|\bnever both\b|\bat most one\b|\bone (?:and only one|system sends)\b|\bno(?:t)? (?:message|sms|text)[^.]*twice\b/i.test(
            text,
          ) && /\bsend|provider|authority|execut/i.test(text),
      ) ?? modeStatement(facts, live),
    2: find(
      (text) =>
        /uuid|identity/i.test(text) &&
        (/\bonce\b/i.test(text) ||
          /\b(?:never|not)\b[^.]*\bloop/i.test(text) ||
          /before any send/i.test(text)) &&
        /\bgenerat|\bbuilt|\bcreat|\bmade\b|\bmint|\bassign/i.test(text),
    ),
    3: find(
      (text) =>
        /(?<!go_)\bsms_logs\b/.test(text) &&
        (/\b(?:only|sole|alone|exclusive\w*|belongs? to)\b/i.test(text) ||
          (mentions(facts.entities.go, text) && /\b(?:not|never|no)\b/i.test(text))),
    ),
    4: find(
      (text) =>
        /\bquota|\bcredit/i.test(text) &&
        ((/\bonly\b/i.test(text) && /\bON\b|accepted/.test(text)) ||
          (/\b(?:not|never)\b/i.test(text) && /SHADOW/i.test(text)) ||
          (/accepted/.test(text) && /duplicate/.test(text))),
    ),
  }
}

/** A list or table that says for each mode who sends states the first invariant. */
function modeStatement(facts: Facts, live: readonly Sentence[]): Sentence | null {
  const off = live.find((sentence) => only(facts, sentence, 'OFF') && says(sentence.text))
  const shadow = live.find((sentence) => only(facts, sentence, 'SHADOW') && /dry/i.test(sentence.text))
  const on = live.find((sentence) => only(facts, sentence, 'ON') && says(sentence.text))
  const inTable = facts.document.tables.find((table) => {
    const modes = new Set(
      table.rows.flatMap((row) => [
        ...modesOfRow(row.cells.map((cell) => facts.norm.slice(cell.from, cell.to))),
      ]),
    )
    return (
      modes.size === 3 && /send|call/i.test(facts.norm.slice(table.from, table.rows[0]?.to ?? table.from))
    )
  })
  if (inTable) return live.find(({ from }) => from > inTable.from) ?? null
  return off && shadow && on ? off : null
}

function only(facts: Facts, sentence: Sentence, mode: 'OFF' | 'SHADOW' | 'ON'): boolean {
  const modes = facts.modesOf(sentence)
  return modes.size === 1 && modes.has(mode)
}

function says(text: string): boolean {
  return /\bsends?\b|\bcalled\b|\bcalls?\b/i.test(text)
}
