import { ancestors, enclosing, statementOf, textOf, type CodeNode, type Tree } from '../code/node.ts'
import { mentions } from '../facts/entities.ts'
import type { CodeFact, Facts } from '../facts/facts.ts'
import type { Edit, Problem, Rule } from '../finding.ts'
import { deleteCode, deleteLines, manual, replaceCode, safe, together } from '../fixes/edits.ts'
import { isGoRole } from '../facts/go-role.ts'
import type { SqlStatement } from '../sql/statements.ts'
import { goWritesInProse } from './go-writes-prose.ts'
import { carrierSpan, carriesRows, isFiredByGo } from './sms-logs-carriers.ts'
import { deleteNode, docSpan, treesOf } from './scan.ts'

const MESSAGE = 'The Go service writes to sms_logs; Laravel is its only writer, Go writes to go_sms_logs'
const WRITES = /^(?:insert|replace|update|delete|merge|truncate|copy)$/

/** SQL in Go code: the string goes, and what runs it. */
function inGo(facts: Facts): Problem[] {
  return treesOf(facts, 'go').flatMap((fact) => [
    ...fact.sql
      .filter(({ statement }) => WRITES.test(statement.verb) && statement.target === 'sms_logs')
      .map(({ base }) => sqlProblem(facts, fact, base)),
    ...fact.tree.nodes
      .filter((node) => isTableCall(fact.tree, node))
      .map((node) => ({
        ...docSpan(fact.code, statementOf(node)),
        message: MESSAGE,
        fix: safe(deleteNode(facts, fact.code, statementOf(node)), 'Delete the write.'),
      })),
  ])
}

/** `db.Table("sms_logs").Create(row)`, `store.Insert(ctx, "sms_logs", ...)`, `h.smsLogs.Insert(...)`. */
function isTableCall(tree: Tree, node: CodeNode): boolean {
  if (
    node.kind !== 'call' ||
    !/^(?:Create|Insert|Save|Update|Updates|Upsert|Delete|Write|Append|Add|Put|CopyFrom|InsertOne|Record|Store|FirstOrCreate|Exec|ExecContext|BulkInsert)\w*$/i.test(
      node.name,
    )
  )
    return false
  const text = textOf(tree, node)
  const outer = [...ancestors(node)].find((at) => at.kind === 'call' && at.from === node.from)
  if (outer && isTableCall(tree, outer)) return false
  return (
    /["'`](?:\w+\.)?sms_logs["'`]/.test(text) ||
    /(?:^|\.)(?:laravel|portal|legacy)?smsLogs?\b/i.test(node.callee.replace(/go_?sms_?logs?/i, ''))
  )
}

function sqlProblem(facts: Facts, fact: CodeFact & { tree: Tree }, base: number): Problem {
  const { tree, code } = fact
  const string = tree.nodes.find((node) => node.kind === 'string' && node.from <= base && base <= node.to)
  const holder = string && statementOf(string)
  if (!string || !holder)
    return {
      ...docSpan(code, { from: base, to: base + 1 }),
      message: MESSAGE,
      fix: manual('Delete the write.'),
    }
  const assign = enclosing(string, 'assign')
  const name = assign && /^(\w+)(?:\s+\w+)?$/.exec(assign.name)?.[1]
  const isConstant = name !== undefined && name !== null && assign?.value?.from === string.from
  const users = isConstant
    ? tree.nodes.filter(
        (node) =>
          node.kind === 'call' &&
          node.from > string.to &&
          node.args.some((argument) => textOf(tree, argument).trim() === name),
      )
    : []
  const statements = [holder, ...users.map((node) => withCheck(node))]
  const last = statements.reduce((a, b) => (b.to > a.to ? b : a))
  const edits = together(...runsOf(tree, unique(statements)).map((node) => deleteNode(facts, code, node)))
  const span = docSpan(code, { from: withCheck(string).from, to: Math.max(last.to, withCheck(string).to) })
  const isAlone = isConstant || !enclosing(string, 'return')
  return {
    ...span,
    message: MESSAGE,
    fix: isAlone
      ? safe(
          users.length === 0 ? together(deleteNode(facts, code, withCheck(string))) : edits,
          'Delete the write and what runs it.',
        )
      : manual('Delete the write.'),
  }
}

/** A statement, or the `if` whose head it stands in. */
function withCheck(node: CodeNode): CodeNode {
  const statement = statementOf(node)
  return statement
}

/** Statements with nothing between them go as one range, so that one blank line is left and not two. */
function runsOf(tree: Tree, nodes: readonly CodeNode[]): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = []
  for (const { from, to } of nodes.toSorted((a, b) => a.from - b.from)) {
    const last = runs.at(-1)
    if (last && tree.text.slice(last.to, from).trim() === '') last.to = Math.max(last.to, to)
    else runs.push({ from, to })
  }
  return runs
}

function unique(nodes: readonly CodeNode[]): CodeNode[] {
  return [...new Set(nodes)]
}

/** Grants and statements that the runbook gives to the Go side. */
function inSql(facts: Facts): Problem[] {
  return facts.codes
    .filter(({ code, instructs }) => instructs && code.language !== 'php' && code.language !== 'go')
    .flatMap((fact) =>
      fact.sql.flatMap(({ statement, base }) => {
        if (carriesRows(statement)) return carrierProblem(facts, fact, statement, base)
        if (statement.target !== 'sms_logs') return []
        const span = { from: base + statement.from, to: base + statement.to }
        if (statement.verb === 'grant') return grantProblem(facts, fact, statement, span)
        if (!WRITES.test(statement.verb) || !isGoStatement(facts, fact, statement)) return []
        return [
          {
            ...proseAndSql(facts, fact, span),
            message: MESSAGE,
            fix: safe(deletion(facts, fact, span), 'Delete the statement.'),
          },
        ]
      }),
    )
}

function carrierProblem(facts: Facts, fact: CodeFact, statement: SqlStatement, base: number): Problem[] {
  if (fact.side !== 'go' && !isFiredByGo(fact.code)) return []
  const own = { from: base + statement.from, to: base + statement.to }
  const statements = base === 0 ? fact.sql.map((entry) => entry.statement) : []
  const span = carrierSpan(fact.code, statements) ?? own
  return [
    {
      ...proseAndSql(facts, fact, span),
      message: MESSAGE,
      fix: safe(deletion(facts, fact, span), 'Delete what carries the rows over.'),
    },
  ]
}

function proseAndSql(
  facts: Facts,
  { code }: CodeFact,
  span: { from: number; to: number },
): { from: number; to: number } {
  const own = docSpan(code, span)
  return { from: own.from, to: Math.min(own.to, facts.norm.length) }
}

/** It reads the Go table, or the words around it give it to the Go side. */
function isGoStatement(facts: Facts, fact: CodeFact, statement: SqlStatement): boolean {
  if (statement.tables.some(({ name }) => name === 'go_sms_logs')) return fact.side !== 'laravel'
  if (fact.side === 'go') return true
  const comment = fact.code.text
    .slice(Math.max(0, statement.from - 160), statement.from)
    .split('\n')
    .slice(-3)
    .join(' ')
  return mentions(facts.entities.go, comment) && !mentions(facts.entities.laravel, comment)
}

const WRITE_RIGHT = /\b(?:insert|update|delete|truncate|all(?:\s+privileges)?)\b/i

function grantProblem(
  facts: Facts,
  fact: CodeFact,
  statement: SqlStatement,
  span: { from: number; to: number },
): Problem[] {
  const match = /^grant\s+([\s\S]*?)\s+on\s+[\s\S]*?\s+to\s+([\w"'`@%.-]+)/i.exec(statement.text)
  const rights = match?.[1] ?? ''
  const role = facts.norm.slice(0, 0) + (match?.[2] ?? '')
  if (!WRITE_RIGHT.test(rights) || !isGoRole(facts, fact, role)) return []
  const { source } = facts.document
  const keepsSelect = /\bselect\b/i.test(rights) || /\ball\b/i.test(rights)
  const from = span.from + statement.text.indexOf(rights)
  const edits = keepsSelect
    ? replaceCode(
        source,
        fact.code,
        from,
        from + rights.length,
        rights === rights.toLowerCase() ? 'select' : 'SELECT',
      )
    : deleteCode(source, fact.code, span.from, span.to)
  return [
    {
      ...docSpan(fact.code, span),
      message: `${MESSAGE}: its role is granted ${rights}`,
      fix: safe(edits, 'Grant it nothing that writes.'),
    },
  ]
}

function deletion(facts: Facts, { code }: CodeFact, span: { from: number; to: number }): Edit[] | null {
  const rest = code.text.slice(0, span.from) + code.text.slice(span.to)
  if (rest.replaceAll(/--[^\n]*|[;\s]/g, '') !== '')
    return deleteCode(facts.document.source, code, span.from, span.to)
  const lead = facts.sentences
    .filter(
      ({ unit }) =>
        unit.section === code.section &&
        unit.to <= code.from &&
        unit.kind === 'paragraph' &&
        unit.item === code.item,
    )
    .at(-1)
  const isLead = lead && facts.norm.slice(lead.unit.to, code.from).trim() === ''
  const from = isLead ? lead.unit.from : code.from
  const { section } = code
  const isAll =
    section.heading !== null &&
    section.to === section.ownTo &&
    facts.norm.slice(section.headingTo, from).trim() === '' &&
    facts.norm.slice(code.to, section.ownTo).trim() === ''
  return [deleteLines(facts.document.source, isAll ? section.from : from, code.to)]
}

export const goWritesSmsLogs: Rule = {
  id: 'go-writes-sms-logs',
  title: 'The Go service writes to sms_logs',
  invariant: 3,
  demands:
    'Laravel is the only writer to sms_logs; the Go service writes only to its own table, go_sms_logs.',
  breaks: [
    'INSERT INTO sms_logs in the Go handler',
    'GRANT INSERT ON sms_logs TO the role of the service',
    'A job in the service copies its rows into sms_logs.',
  ],
  looksOnlySo: [
    "SELECT ... FROM sms_logs WHERE source = 'go'",
    'INSERT INTO go_sms_logs',
    'REVOKE, or GRANT SELECT',
    '"Go MUST NOT write to sms_logs."',
  ],
  fixedBy:
    'The statement and what runs it are deleted; a grant keeps only SELECT; the sentence or paragraph is deleted.',
  check: (facts) => [...inGo(facts), ...inSql(facts), ...goWritesInProse(facts, MESSAGE)],
}
