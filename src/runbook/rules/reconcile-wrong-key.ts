import { textOf } from '../code/node.ts'
import type { CodeFact, Facts, SqlFact } from '../facts/facts.ts'
import type { Problem, Rule } from '../finding.ts'
import { manual, replaceCode, safe } from '../fixes/edits.ts'
import type { SqlJoin } from '../sql/statements.ts'
import { keyInProse } from './reconcile-key-prose.ts'
import { docSpan, treesOf } from './scan.ts'

const MESSAGE = 'The two logs are matched on something other than message_uuid alone; it is the only join key'

const LOGS = new Set(['sms_logs', 'go_sms_logs'])

function inSql(facts: Facts): Problem[] {
  return facts.codes
    .filter(({ instructs }) => instructs)
    .flatMap((fact) =>
      fact.sql.filter((sql) => readsBoth(sql)).flatMap((sql) => problemsOf(facts, fact, sql)),
    )
}

function readsBoth({ statement }: SqlFact): boolean {
  const names = new Set(statement.tables.map(({ name }) => name))
  return [...LOGS].every((log) => names.has(log)) && statement.verb === 'select'
}

function problemsOf(facts: Facts, fact: CodeFact, sql: SqlFact): Problem[] {
  const joins = sql.statement.joins.flatMap((join) => joinProblem(facts, fact, sql, join))
  if (joins.length > 0) return joins
  return setProblem(fact, sql) ?? whereProblem(facts, fact, sql)
}

function joinProblem(facts: Facts, fact: CodeFact, { statement, base }: SqlFact, join: SqlJoin): Problem[] {
  const raw = statement.text.slice(join.from - statement.from, join.to - statement.from)
  const span = { from: base + join.from, to: base + join.to }
  if (join.isUsing) {
    const columns = raw
      .replace(/[()\s"`]/g, '')
      .toLowerCase()
      .split(',')
    if (columns.length === 1 && columns[0] === 'message_uuid') return []
    return [
      {
        ...docSpan(fact.code, span),
        message: MESSAGE,
        fix: safe(
          replaceCode(facts.document.source, fact.code, span.from, span.to, '(message_uuid)'),
          'Join USING (message_uuid).',
        ),
      },
    ]
  }
  const terms = termsOf(raw)
  const wrong = terms.filter((term) => isCrossTerm(term) && !isUuidTerm(term))
  if (wrong.length === 0) return []
  const aliases = aliasesOf(raw)
  const advice = 'Join on message_uuid alone.'
  if (!aliases) return [{ ...docSpan(fact.code, span), message: MESSAGE, fix: manual(advice) }]
  const original = fact.code.text.slice(span.from, span.to)
  const kept = termsOf(original)
    .filter((term) => !isCrossTerm(term))
    .map((term) => term.trim())
  const uuid =
    termsOf(original)
      .find((term) => isUuidTerm(term))
      ?.trim()
      .replaceAll(/^\(|\)$/g, '') ?? `${aliases[0]}.message_uuid = ${aliases[1]}.message_uuid`
  const condition = [uuid, ...kept].join(' AND ')
  return [
    {
      ...docSpan(fact.code, span),
      message: MESSAGE,
      fix: safe(replaceCode(facts.document.source, fact.code, span.from, span.to, condition), advice),
    },
  ]
}

function termsOf(condition: string): string[] {
  return condition
    .replaceAll(/\bbetween\b([\s\S]*?)\band\b/gi, (_, low: string) => `between${low}\u0001\u0001\u0001`)
    .split(/\b(?:and|or)\b/i)
    .map((term) => term.replaceAll('\u0001', ' '))
}

const QUALIFIED = /\b([A-Za-z_]\w*)\.(?:["`]?)([A-Za-z_]\w*)/g

function qualifiersOf(term: string): Set<string> {
  return new Set(Array.from(term.matchAll(QUALIFIED), (match) => (match[1] ?? '').toLowerCase()))
}

/** A term that ties the two tables together. */
function isCrossTerm(term: string): boolean {
  if (qualifiersOf(term).size >= 2) return true
  return qualifiersOf(term).size === 0 && /^\W*\w+\s*=\s*\w+\W*$/.test(term.trim()) && !/'|\d/.test(term)
}

function isUuidTerm(term: string): boolean {
  const columns = Array.from(term.matchAll(QUALIFIED), (match) => (match[2] ?? '').toLowerCase())
  if (columns.length === 0) return /^\W*message_uuid\s*=\s*message_uuid\W*$/i.test(term)
  return (
    columns.every((column) => column === 'message_uuid') &&
    /=/.test(term) &&
    !/date|trunc|substr|left\(/i.test(term)
  )
}

function aliasesOf(condition: string): [string, string] | null {
  for (const term of termsOf(condition)) {
    const names = Array.from(term.matchAll(QUALIFIED), (match) => match[1] ?? '')
    const first = names[0]
    const second = names.find((name) => name !== first)
    if (first && second) return [first, second]
  }
  return null
}

/** EXCEPT, INTERSECT and the like compare whole rows: each row has to be the uuid alone. */
function setProblem(fact: CodeFact, { statement, base }: SqlFact): Problem[] | null {
  if (!/\b(?:except|minus|intersect)\b/i.test(statement.text)) return null
  const lists = Array.from(statement.text.matchAll(/\bselect\b([\s\S]*?)\bfrom\b/gi), (match) =>
    (match[1] ?? '').trim(),
  )
  const isRight = lists.every(
    (list) => /^(?:distinct\s+)?(?:\w+\.)?["`]?message_uuid["`]?$/i.test(list) || list === '*',
  )
  return isRight
    ? []
    : [
        {
          ...docSpan(fact.code, { from: base + statement.from, to: base + statement.to }),
          message: MESSAGE,
          fix: manual('Select message_uuid alone on both sides.'),
        },
      ]
}

/** Old-style joins, EXISTS and IN. */
function whereProblem(facts: Facts, fact: CodeFact, { statement, base }: SqlFact): Problem[] {
  const { text } = statement
  const member = /([\w.]+)\s+(?:not\s+)?in\s*\(\s*select\s+(?:distinct\s+)?([\w.]+)\s+from/i.exec(text)
  if (
    member &&
    [member[1], member[2]].some(
      (column) => (column ?? '').split('.').at(-1)?.toLowerCase() !== 'message_uuid',
    )
  ) {
    const from = base + statement.from + member.index
    const edits = replaceCode(
      facts.document.source,
      fact.code,
      from,
      from + member[0].length,
      member[0]
        .replace(member[1] ?? '', (member[1] ?? '').replace(/\w+$/, 'message_uuid'))
        .replace(
          new RegExp(String.raw`${(member[2] ?? '').replaceAll('.', String.raw`\.`)}(\s+from)$`, 'i'),
          'message_uuid$1',
        ),
    )
    return [
      {
        ...docSpan(fact.code, { from, to: from + member[0].length }),
        message: MESSAGE,
        fix: safe(edits, 'Compare message_uuid alone.'),
      },
    ]
  }
  const where = /\bwhere\b/gi
  return Array.from(text.matchAll(where)).flatMap((match) => {
    const start = match.index + match[0].length
    const end = /\b(?:group\s+by|order\s+by|limit|having|union)\b/i.exec(text.slice(start))
    const condition = text.slice(start, end ? start + end.index : undefined)
    if (/\bselect\b/i.test(condition)) return []
    const wrong = termsOf(condition).filter(
      (term) => isCrossTerm(term) && !isUuidTerm(term) && qualifiersOf(term).size >= 2,
    )
    const first = wrong[0]
    if (!first) return []
    const from = base + statement.from + start + condition.indexOf(first.trim())
    return [whereFix(facts, fact, condition, first.trim(), from)]
  })
}

function whereFix(facts: Facts, fact: CodeFact, condition: string, term: string, from: number): Problem {
  const aliases = aliasesOf(term)
  const body = term.replace(/[\s);]+$/, '')
  const span = { from, to: from + body.length }
  const crossing = termsOf(condition).filter((candidate) => isCrossTerm(candidate))
  if (!aliases || crossing.length > 1)
    return { ...docSpan(fact.code, span), message: MESSAGE, fix: manual('Join on message_uuid alone.') }
  const edits = replaceCode(
    facts.document.source,
    fact.code,
    span.from,
    span.to,
    `${aliases[0]}.message_uuid = ${aliases[1]}.message_uuid`,
  )
  return { ...docSpan(fact.code, span), message: MESSAGE, fix: safe(edits, 'Join on message_uuid alone.') }
}

/** `->join('go_sms_logs', 'sms_logs.phone', '=', 'go_sms_logs.phone')`. */
function inBuilder(facts: Facts): Problem[] {
  return treesOf(facts, 'php').flatMap(({ tree, code }) =>
    tree.nodes
      .filter(
        (node) => node.kind === 'call' && /^(?:join|leftJoin|rightJoin|fullJoin|joinWhere)$/.test(node.name),
      )
      .flatMap((call) => {
        const args = call.args.map((argument) => textOf(tree, argument).replaceAll(/^['"]|['"]$/g, ''))
        if (!/\bgo_sms_logs\b/.test(args[0] ?? '') || args.length < 3) return []
        const columns = args.slice(1).filter((argument) => /\w/.test(argument))
        if (columns.every((column) => /(?:^|\.)message_uuid$/.test(column))) return []
        const edits = call.args.slice(1).flatMap((argument) => {
          const text = textOf(tree, argument)
          return /\.\w+['"]$/.test(text)
            ? (replaceCode(
                facts.document.source,
                code,
                argument.from,
                argument.to,
                text.replace(/\.\w+(['"])$/, '.message_uuid$1'),
              ) ?? [])
            : []
        })
        return [{ ...docSpan(code, call), message: MESSAGE, fix: safe(edits, 'Join on message_uuid alone.') }]
      }),
  )
}

export const reconcileWrongKey: Rule = {
  id: 'reconcile-wrong-key',
  title: 'The logs are joined on another key',
  invariant: 3,
  demands: 'Reconciliation uses message_uuid as the only join key.',
  breaks: [
    'ON g.recipient = l.recipient AND g.minute = l.minute',
    'ON g.message_uuid = s.message_uuid AND g.body_hash = s.body_hash',
    'Rows are matched by phone number and minute.',
  ],
  looksOnlySo: [
    'other columns in the select list or the order',
    'a filter on the date or the source',
    'two queries side by side',
  ],
  fixedBy: 'The condition becomes message_uuid = message_uuid; filters on one table stay.',
  check: (facts) => [...inSql(facts), ...inBuilder(facts), ...keyInProse(facts, MESSAGE)],
}
