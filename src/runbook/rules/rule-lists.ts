import { membersOfCell, readLists, type Member } from '../config/lists.ts'
import type { Facts } from '../facts/facts.ts'
import type { Problem } from '../finding.ts'
import { manual, replaceCode, safe } from '../fixes/edits.ts'
import { docSpan, tells } from './scan.ts'

const WORDS = String.raw`on|when|if|for|after|upon|causes?|reasons?|conditions?|triggers?|errors?|failures?|outcomes?|events?`
const FALLBACK = /fall_?back|use_?legacy|to_?legacy|legacy_?(?:on|when|if|after|for)/
const FALLBACK_KEY = new RegExp(String.raw`(?:^|[._])(?:${WORDS}|status(?:es)?|codes?)$|fall_?backs?$`)
const QUOTA = /quota|credit|allowance|contingent|charg|decrement|deduct|debit|billable|consume/
const QUOTA_KEY = new RegExp(
  String.raw`(?:^|[._])(?:${WORDS}|status(?:es)?|answers?|results?|verdicts?)$|(?:charged?|billable|decremented|debited|deducted)$`,
)
const MODE_KEY = /(?:^|[._])(?:in_)?modes?$|(?:^|[._])in$/
const OTHER =
  /never|(?:^|[._])(?:not|no|deny|denied|exclu\w*|except\w*|ignored?|forbid\w*|without)(?:[._]|$)|refund|alert|metric|monitor|provider|vendor|log_|test|expect|gate(?:[._]|$)/

const PERMITTED =
  /time_?d?_?out|transport|connect|breaker|circuit|unreach|dns|network|socket|tls|refused_conn/i
const ANSWER =
  /reject|refus|[1-5]xx|(?:^|\D)[2-5]\d\d(?!\d)|gateway|server_?error|http_?(?:error|status|fail)|answer|response|any|all|\*|duplicate|queued|accepted|invalid|declin|denied|error_?(?:status|code)|exception|throwable|fail(?:ed|ure)$|slow|unsuccess|pending|unknown|throttl|rate_?limit|over_?load/i

export type ListKind = 'fallback' | 'quota'

/** Members of a list of configuration that its rule does not permit; the fix leaves them out. */
export function wrongMembers(facts: Facts, kind: ListKind, message: string): Problem[] {
  return [...inBlocks(facts, kind, message), ...inTables(facts, kind, message)]
}

function inBlocks(facts: Facts, kind: ListKind, message: string): Problem[] {
  return facts.codes
    .filter(({ instructs, side }) => instructs && side !== 'go')
    .flatMap((fact) =>
      readLists(fact.code, fact.tree).flatMap((list) => {
        const isWrong = judgeOf(kind, list.path)
        const wrong = isWrong ? list.members.filter(({ text }) => isWrong(text)) : []
        if (wrong.length === 0) return []
        const rest = without(fact.code.text, list.members, wrong)
        const advice = `Leave out ${wrong.map(({ text }) => text).join(', ')}.`
        const { from, to } = rest ?? list
        const edits = rest && replaceCode(facts.document.source, fact.code, from, to, rest.text)
        return [{ ...docSpan(fact.code, list), message, fix: edits ? safe(edits, advice) : manual(advice) }]
      }),
    )
}

/** A table of keys and values: the cell beside the key holds the list. */
function inTables(facts: Facts, kind: ListKind, message: string): Problem[] {
  return facts.sentences.flatMap((sentence) => {
    const { row, from, to } = sentence.unit
    const first = row?.cells[0]
    if (!row || row.isHeader || !first || first.from === from || !tells(sentence)) return []
    const key = /^\s*`([\w.-]+)`\s*$/.exec(facts.norm.slice(first.from, first.to))?.[1]
    const isWrong = key === undefined ? null : judgeOf(kind, key)
    const raw = facts.norm.slice(from, to)
    if (!isWrong || !/^\s*`?\[?[\w*-]+`?(?:\s*[,|]\s*`?[\w*-]+`?)*\]?`?\s*$/.test(raw)) return []
    const members = membersOfCell(raw)
    const wrong = members.filter(({ text }) => isWrong(text))
    if (wrong.length === 0) return []
    const rest = without(raw, members, wrong)
    const advice = `Leave out ${wrong.map(({ text }) => text).join(', ')}.`
    const edits = rest && [{ from: from + rest.from, to: from + rest.to, text: rest.text }]
    return [{ from, to, message, fix: edits ? safe(edits, advice) : manual(advice) }]
  })
}

/** What a list of this name may not hold, or null where the name is about something else. */
function judgeOf(kind: ListKind, path: string): ((member: string) => boolean) | null {
  const name = path
    .replaceAll(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replaceAll(/[\s/-]/g, '_')
  if (OTHER.test(name)) return null
  if (kind === 'fallback') return FALLBACK.test(name) && FALLBACK_KEY.test(name) ? isAnswer : null
  if (!QUOTA.test(name)) return null
  if (MODE_KEY.test(name)) return (member) => /^(?:off|shadow)$/i.test(member)
  return QUOTA_KEY.test(name) ? isUncharged : null
}

function isAnswer(member: string): boolean {
  if (/gateway|(?:^|\D)[2-5](?:\d\d|xx)(?!\d)/i.test(member)) return true
  return ANSWER.test(member) && !PERMITTED.test(member)
}

function isUncharged(member: string): boolean {
  return !/^(?:accepted|duplicate|mode|on|true)$/i.test(member) && /^[a-z\d*][\w*-]*$/i.test(member)
}

/** The list without some of its members, in its own style; null where nothing or a comment would be left. */
function without(
  text: string,
  members: readonly Member[],
  wrong: readonly Member[],
): { from: number; to: number; text: string } | null {
  const kept = members.filter((member) => !wrong.includes(member))
  const [first, second] = members
  const last = members.at(-1)
  if (kept.length === 0 || !first || !second || !last) return null
  if (/#|\/\//.test(text.slice(first.from, last.to))) return null
  const between = text.slice(first.to, second.from)
  return {
    from: first.from,
    to: last.to,
    text: kept.map(({ from, to }) => text.slice(from, to)).join(between),
  }
}
