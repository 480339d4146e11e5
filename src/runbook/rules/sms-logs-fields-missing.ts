import { contains, functionOf, textOf, within, type CodeNode, type Tree } from '../code/node.ts'
import type { Facts } from '../facts/facts.ts'
import { modeContext } from '../facts/mode-context.ts'
import type { Problem, Rule } from '../finding.ts'
import { indentAt, insertAfter, manual, replaceCode, safe } from '../fixes/edits.ts'
import { replaceSentence } from '../fixes/prose-edits.ts'
import { isDenied } from '../prose/modality.ts'
import { objectRows } from './sms-logs-objects.ts'
import { docSpan, isQuestion, treesOf, type TreeFact } from './scan.ts'

const FIELDS = ['source', 'message_uuid', 'provider_message_id', 'status'] as const
type Field = (typeof FIELDS)[number]

const message = (fields: readonly string[]): string =>
  `Laravel writes the Go result into sms_logs without ${fields.join(', ')}; a row has source = 'go', message_uuid, provider_message_id and status`

const WRITE_CALL =
  /(?:\bSmsLogs?(?:Entry|Model|Record|Row)?::(?:query->)?(?:create|insert|forceCreate|updateOrCreate|firstOrCreate|upsert|make|new)\w*|DB::(?:connection->)?table->(?:insert|insertGetId|updateOrInsert|insertOrIgnore|upsert)|new \\?(?:\w+\\)*SmsLog|smsLogs?(?:Repository|Writer|s)?->(?:create|insert|store|write|add|append|record|save|updateOrCreate|updateOrInsert|upsert)|->smsLogs?->create)$/i

/** The arrays of columns that the Laravel code writes into sms_logs. */
function inCode(facts: Facts): Problem[] {
  return treesOf(facts, 'php').flatMap((fact) =>
    fact.tree.nodes
      .filter((node) => isWrite(fact.tree, node))
      .flatMap((call) => {
        const pairs = columnsOf(fact.tree, call)
        if (pairs.length === 0 || !isGoRow(facts, fact, call, pairs)) return []
        const present = new Set(pairs.map(({ name }) => name))
        const missing = FIELDS.filter((field) => !present.has(field))
        if (missing.length === 0) return []
        return [
          {
            ...docSpan(fact.code, call),
            message: message(missing),
            fix: fixOf(facts, fact, call, pairs, missing),
          },
        ]
      }),
  )
}

function isWrite(tree: Tree, node: CodeNode): boolean {
  if (node.kind !== 'call' || !WRITE_CALL.test(node.callee)) return false
  return !node.callee.startsWith('DB::') || /['"](?:\w+\.)?sms_logs['"]/.test(textOf(tree, node))
}

function columnsOf(tree: Tree, call: CodeNode): CodeNode[] {
  const area =
    call.args.length > 0
      ? { from: call.args[0]?.from ?? call.from, to: call.args.at(-1)?.to ?? call.to }
      : call
  return within(tree, area, 'pair').filter((pair) => !hasOuterPair(pair, area) && !/->|::/.test(pair.name))
}

function hasOuterPair(pair: CodeNode, area: { from: number; to: number }): boolean {
  for (let at = pair.parent; at && at.from >= area.from; at = at.parent) if (at.kind === 'pair') return true
  return false
}

/** A row of the Go result: it says so, or it carries what only Go answers, or it stands where only Go has answered. */
function isGoRow(facts: Facts, { tree }: TreeFact, call: CodeNode, pairs: readonly CodeNode[]): boolean {
  const source = pairs.find(({ name }) => name === 'source')
  const value = source?.value ? textOf(tree, source.value) : null
  if (value !== null) return /['"]go['"]|::Go\b|::GO\b|SOURCE_GO/.test(value)
  if (pairs.some(({ name }) => name === 'provider_message_id')) return true
  const owner = functionOf(call)
  if (owner && /go|reply|result|remote|messaging|shadow/i.test(owner.name) && !/legacy/i.test(owner.name))
    return true
  const context = modeContext(tree, call)
  const readsResult = /\$(?:result|res|reply|response|go\w*|answer|outcome|verdict)\b/i.test(
    textOf(tree, call),
  )
  const isOn = context.isExplicit && context.modes.size === 1 && context.modes.has('ON')
  return (
    isOn &&
    readsResult &&
    !tree.nodes.some((node) => node.kind === 'catch' && contains(node, call)) &&
    facts.subject.isMigration
  )
}

function fixOf(
  facts: Facts,
  fact: TreeFact,
  call: CodeNode,
  pairs: readonly CodeNode[],
  missing: readonly Field[],
): Problem['fix'] {
  const { tree, code } = fact
  const { source } = facts.document
  const values = missing.map((field) => ({ field, value: valueOf(tree, call, pairs, field) }))
  const lines = values.map(({ field, value }) => `'${field}' => ${value ?? ''},`)
  const advice = `Add ${lines.join(' ')}`
  if (values.some(({ value }) => value === null)) return manual(`Add ${missing.join(', ')}.`)
  const last = pairs.at(-1)
  const first = pairs[0]
  if (!last || !first) return manual(advice)
  const isMultiline = code.text.slice(call.from, first.from).includes('\n')
  if (!isMultiline)
    return safe(replaceCode(source, code, last.to, last.to, `, ${lines.join(' ').slice(0, -1)}`), advice)
  const width = widthOf(code.text, pairs)
  const padded = values.map(
    ({ field, value }) => `${indentAt(code, last.from)}${`'${field}'`.padEnd(width)} => ${value ?? ''},`,
  )
  const hasComma = /^\s*,/.test(code.text.slice(last.to))
  const comma = hasComma ? [] : (replaceCode(source, code, last.to, last.to, ',') ?? [])
  return safe([...comma, insertAfter(source, code, last.to - 1, padded)], advice)
}

/** Where arrows are aligned, the new ones are too. */
function widthOf(text: string, pairs: readonly CodeNode[]): number {
  const columns = pairs.map(
    (pair) => /^(['"]\w+['"]\s*)=>/.exec(text.slice(pair.from, pair.to))?.[1]?.length ?? 0,
  )
  const isAligned = columns.length > 1 && columns.every((column) => column === columns[0])
  return isAligned ? (columns[0] ?? 1) - 1 : 0
}

/** The value for a column, in the way the neighbours read the result. */
function valueOf(tree: Tree, call: CodeNode, pairs: readonly CodeNode[], field: Field): string | null {
  if (field === 'source') return "'go'"
  const text = textOf(tree, call)
  const owner = functionOf(call)
  const scope = owner ? tree.text.slice(owner.from, call.to) : tree.text.slice(0, call.to)
  if (field === 'message_uuid') {
    const known = /\$(?:message_?uuid|messageUuid|uuid|id)\b(?!\s*=>)/i.exec(scope)?.[0]
    return known ?? null
  }
  const values = pairs.map((pair) => (pair.value ? textOf(tree, pair.value) : '')).join('\n')
  const result = resultOf(values) ?? resultOf(text) ?? resultOf(scope)
  if (!result) return null
  if (result.isArray)
    return field === 'status'
      ? `${result.variable}['status']`
      : `${result.variable}['${arrayKey(tree.text)}'] ?? null`
  return field === 'status' ? `${result.variable}->status` : `${result.variable}->providerMessageId`
}

function arrayKey(text: string): string {
  return /\[['"](provider_(?:message_)?id)['"]\]/.exec(text)?.[1] ?? 'provider_message_id'
}

function resultOf(text: string): { variable: string; isArray: boolean } | null {
  const array = /(\$\w+)\[['"](?:status|provider_\w+|id)['"]\]/.exec(text)
  if (array?.[1]) return { variable: array[1], isArray: true }
  const object = /(\$(?!this\b)\w+)->(?:status|provider\w*)\b/i.exec(text)
  if (object?.[1]) return { variable: object[1], isArray: false }
  const parameter = /\b(array|\w*(?:Result|Reply|Response|Verdict|Outcome))\s+(\$\w+)/.exec(text)
  return parameter?.[2] ? { variable: parameter[2], isArray: parameter[1] === 'array' } : null
}

/** SQL text for such a row. */
function inSql(facts: Facts): Problem[] {
  return facts.codes
    .filter(({ instructs, side }) => instructs && side !== 'go')
    .flatMap(({ code, sql }) =>
      sql.flatMap(({ statement, base }) => {
        if (statement.verb !== 'insert' || statement.target !== 'sms_logs') return []
        const raw = code.text.slice(base + statement.from, base + statement.to)
        const columns = /\(([^()]*)\)\s*(?:values|select)/i
          .exec(statement.text)?.[1]
          ?.split(',')
          .map((column) => column.trim().replaceAll(/["`]/g, '').toLowerCase())
        if (!columns || !(/'go'/i.test(raw) || columns.includes('provider_message_id'))) return []
        const missing = FIELDS.filter((field) => !columns.includes(field))
        if (missing.length === 0) return []
        return [
          {
            ...docSpan(code, { from: base + statement.from, to: base + statement.to }),
            message: message(missing),
            fix: manual(`Add the columns ${missing.join(', ')}.`),
          },
        ]
      }),
    )
}

/** Prose that lists the columns of such a row and leaves one out. */
function inProse(facts: Facts): Problem[] {
  return facts.sentences.flatMap((sentence) => {
    const { text } = sentence
    if (!sentence.instructs || sentence.unit.kind === 'heading' || sentence.unit.row || isQuestion(sentence))
      return []
    if (!/(?<!go_)\bsms_logs\b/.test(text)) return []
    const verb =
      /\b(?:writes?|written|inserts?|inserted|records?|recorded|stores?|stored|logs?|saves?|adds?|creates?|enters?|keeps?)\b/i.exec(
        text,
      )
    if (
      !verb ||
      isDenied(text, verb.index, verb[0].length) ||
      /\b(?:select|query|join|index|column|no row|0 rows)\b/i.test(text)
    )
      return []
    const named = FIELDS.filter((field) => new RegExp(String.raw`\b${field}\b`).test(text))
    const isGo =
      /\bsource\b\W{0,6}(?:=|is|of|:)?\W{0,4}go\b/i.test(text) ||
      /\bgo (?:result|answer|verdict|response)s?\b/i.test(text)
    const counted = named.filter((field) => field !== 'source').length
    if (
      !isGo ||
      counted < 1 ||
      named.length === 4 ||
      (named.length < 3 && !/\bwith\b|:|\bcolumns?\b|\bfields?\b|\bconsist/i.test(text))
    )
      return []
    const missing = FIELDS.filter((field) => !named.includes(field))
    const line =
      "Laravel writes the Go result into `sms_logs` with `source = 'go'`, `message_uuid`, `provider_message_id` and `status`."
    return [
      {
        from: sentence.from,
        to: sentence.to,
        message: message(missing),
        fix: safe(replaceSentence(facts, sentence, line), `Replace by: ${line}`),
      },
    ]
  })
}

export const smsLogsFieldsMissing: Rule = {
  id: 'sms-logs-fields-missing',
  title: 'The row of a Go result lacks a field',
  invariant: 3,
  demands:
    "Laravel writes Go results into sms_logs with source = 'go', message_uuid, provider_message_id and status.",
  breaks: [
    "SmsLog::create(['message_uuid' => $uuid, 'status' => $result->status])",
    "DB::table('sms_logs')->insert(['source' => 'go', 'message_uuid' => $uuid])",
  ],
  looksOnlySo: [
    "Laravel's own row with source = 'legacy'",
    'a migration that adds the columns',
    'more columns than the four',
  ],
  fixedBy: 'The missing columns are added, read from the result in the way the neighbours are.',
  check: (facts) => [
    ...inCode(facts),
    ...objectRows(facts, FIELDS, message),
    ...inSql(facts),
    ...inProse(facts),
  ],
}
