import type { Facts } from '../facts/facts.ts'
import { isWholeRunbook, reconcileSection } from '../facts/places.ts'
import type { Problem, Rule } from '../finding.ts'
import { safe } from '../fixes/edits.ts'
import { addSection, appendBlock } from '../fixes/sections.ts'
import { isWithin, type Section } from '../markdown/document.ts'
import { bareName } from '../sql/statements.ts'

const SELECT =
  /\bselect\b((?:(?!\bselect\b|\bfrom\b)[^;])*)\bfrom\s+([\w.$"`[\]]+)((?:(?!\bselect\b)[^;])*)/gi

/** Which of the two mandatory lists a text takes, each as a query of its own. */
export function listsTaken(text: string): { laravel: boolean; go: boolean } {
  let laravel = false
  let go = false
  for (const match of text.matchAll(SELECT)) {
    const list = match[1] ?? ''
    const rest = (match[3] ?? '').replace(/\)[\s\S]*$/, '')
    if (!/\bmessage_uuid\b|^\s*\*\s*$/i.test(list) || /\bcount\s*\(/i.test(list) || /\bjoin\b/i.test(rest))
      continue
    const table = bareName(match[2] ?? '')
    if (table === 'go_sms_logs') go = true
    if (table === 'sms_logs' && /\bsource\b["`]?\s*(?:=|in\s*\()\s*["']{1,2}\\?'?go\b/i.test(rest))
      laravel = true
  }
  if (
    /SmsLog::(?:query\(\)->)?where\(\s*['"]source['"]\s*,\s*(?:'='\s*,\s*)?['"]go['"]\s*\)[\s\S]{0,120}(?:pluck|select|value|get)\w*\(\s*\[?['"]message_uuid/.test(
      text,
    )
  )
    laravel = true
  return { laravel, go }
}

function check(facts: Facts): Problem[] {
  const section = reconcileSection(facts)
  if (!section) return isWholeRunbook(facts) ? [withoutSection(facts)] : []
  const taken = listsTaken(instructingText(facts, section))
  if (taken.laravel && taken.go) return []
  const which = [taken.laravel ? null : 'Laravel', taken.go ? null : 'Go'].filter((name) => name !== null)
  const message = `The reconciliation lacks the mandatory query of ${which.join(' and of ')}`
  const lines = queryLines(!taken.laravel, !taken.go, fenceOf(facts))
  return [
    {
      from: section.from,
      to: section.headingTo,
      message,
      fix: safe([appendAfterText(facts, section, lines)], 'Add the queries.'),
    },
  ]
}

function instructingText(facts: Facts, section: Section): string {
  const codes = facts.codes
    .filter(({ code, instructs }) => instructs && isWithin(code.section, section))
    .map(({ code }) => code.text)
  const prose = facts.document.units
    .filter((unit) => isWithin(unit.section, section) && unit.kind !== 'comment')
    .map((unit) => facts.norm.slice(unit.from, unit.to))
  return [...codes, ...prose.map((text) => text.replaceAll('`', ';'))].join(';\n')
}

function fenceOf(facts: Facts): string {
  const sql = facts.codes.find(({ code }) => code.language === 'sql' && !code.item && !code.inQuote)
  return sql ? (/^[`~]+/.exec(facts.norm.slice(sql.code.from, sql.code.from + 12))?.[0] ?? '```') : '```'
}

export function queryLines(laravel: boolean, go: boolean, fence = '```'): string[] {
  return [
    `${fence}sql`,
    ...(laravel ? ['-- Laravel', "SELECT message_uuid FROM sms_logs WHERE source='go';"] : []),
    ...(go ? ['-- Go', 'SELECT message_uuid FROM go_sms_logs;'] : []),
    fence,
  ]
}

/** The queries come where the section describes the comparison, before a subsection about the result. */
function appendAfterText(
  facts: Facts,
  section: Section,
  lines: readonly string[],
): ReturnType<typeof appendBlock> {
  return appendBlock(facts, section, lines)
}

export const MISMATCH_RULE = [
  '**Mismatch rule.** A `message_uuid` that is present in only one of the two results is a mismatch. The',
  'permitted number of mismatches is 0. With 1 or more: set the mode to `OFF`, stop the migration and attach',
  'the list to the incident. With 0: continue.',
]

function withoutSection(facts: Facts): Problem {
  const title = facts.document.sections.find(({ heading }) => heading !== null) ?? facts.document.sections[0]
  const lines = [
    '`message_uuid` is the only join key.',
    '',
    ...queryLines(true, true, fenceOf(facts)),
    '',
    ...MISMATCH_RULE,
  ]
  return {
    from: title?.from ?? 0,
    to: title?.headingTo ?? 0,
    message: 'The runbook has no reconciliation, so neither of the two mandatory queries',
    fix: safe([addSection(facts, 'Reconciliation', lines)], 'Add a reconciliation.'),
  }
}

export const reconcileQueriesMissing: Rule = {
  id: 'reconcile-queries-missing',
  title: 'The reconciliation lacks its two queries',
  invariant: 3,
  demands:
    "Laravel: SELECT message_uuid FROM sms_logs WHERE source='go'. Go: SELECT message_uuid FROM go_sms_logs.",
  breaks: ['a comparison in prose only', 'only a join across both databases'],
  looksOnlySo: ['the two queries with a date filter or an order', 'the two queries as shell commands'],
  fixedBy: 'The missing queries are added to the section.',
  check,
}
