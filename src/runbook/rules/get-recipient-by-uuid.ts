import { variablePattern } from '../code/variable.ts'
import { enclosing, functionOf, statementOf, textOf, type CodeNode } from '../code/node.ts'
import type { CodeFact, Facts } from '../facts/facts.ts'
import { loopAround } from '../facts/loops.ts'
import type { Edit, Problem, Rule } from '../finding.ts'
import { deleteCode, deleteLines, manual, replaceCode, safe } from '../fixes/edits.ts'
import { deleteSentence } from '../fixes/prose-edits.ts'
import { toCode } from '../markdown/code-block.ts'
import { lineEnd, lineStart } from '../markdown/source.ts'

const MENTION = /get_?Recipient_?(?:s_?)?By_?(?:Message_?)?Uuid/gi
const MESSAGE =
  'getRecipientByUuid() is mentioned; every mention has to go, the recipient comes from $recipientMap'

interface Place {
  readonly from: number
  readonly to: number
  readonly fix: Problem['fix']
}

/** One problem for each unit that mentions it, however often. */
function check(facts: Facts): Problem[] {
  const places = new Map<number, Place>()
  for (const match of facts.norm.matchAll(MENTION)) {
    const known = [...places.values()].some(({ from, to }) => from <= match.index && match.index < to)
    if (known) continue
    const place = placeOf(facts, match.index, match[0].length)
    places.set(place.from, place)
  }
  return [...places.values()].map(({ from, to, fix }) => ({ from, to, message: MESSAGE, fix }))
}

function placeOf(facts: Facts, at: number, length: number): Place {
  const fact = facts.codes.find(({ code }) => code.from <= at && at < code.to)
  if (fact) return inCode(facts, fact, at, length)
  const { source } = facts.document
  const unit = facts.document.units.findLast(({ from, to }) => from <= at && at < to)
  if (unit?.kind === 'comment')
    return {
      from: unit.from,
      to: unit.to,
      fix: safe([deleteLines(source, unit.from, unit.to)], 'Delete the comment.'),
    }
  if (unit?.row && !unit.row.isHeader)
    return {
      from: unit.row.from,
      to: unit.row.to,
      fix: safe([deleteLines(source, unit.row.from, unit.row.to)], 'Delete the row.'),
    }
  const sentence = facts.sentences.find(({ from, to }) => from <= at && at < to)
  if (sentence && unit && unit.kind !== 'heading')
    return {
      from: sentence.from,
      to: sentence.to,
      fix: safe(sentenceEdits(facts, sentence, at), 'Delete the mention.'),
    }
  const from = lineStart(source, at)
  return {
    from,
    to: lineEnd(source, at),
    fix:
      unit?.kind === 'heading'
        ? manual('Reword the heading.')
        : safe([deleteLines(source, from, lineEnd(source, at))], 'Delete the line.'),
  }
}

/** "Do not use it, it is slow; search in the admin page": what follows the semicolon stays. */
function sentenceEdits(facts: Facts, sentence: Facts['sentences'][number], at: number): Edit[] {
  const inline = /<!--[\s\S]*?-->/g
  const raw = facts.norm.slice(sentence.unit.from, sentence.unit.to)
  for (const match of raw.matchAll(inline)) {
    const from = sentence.unit.from + match.index
    if (from <= at && at < from + match[0].length)
      return [
        {
          from: from - (/[ \t]$/.test(facts.norm.slice(0, from).slice(-1)) ? 1 : 0),
          to: from + match[0].length,
          text: '',
        },
      ]
  }
  const next = facts.neighbour(sentence, 1)
  const edits = deleteSentence(facts, sentence)
  if (!sentence.text.trimEnd().endsWith(';') || next?.unit !== sentence.unit || !/^[a-z]/.test(next.text))
    return edits
  return [...edits, { from: next.from, to: next.from + 1, text: next.text.charAt(0).toUpperCase() }]
}

function inCode(facts: Facts, fact: CodeFact, at: number, length: number): Place {
  const { code, tree } = fact
  const { source } = facts.document
  const offset = toCode(code, at)
  const line = { from: lineStart(source, at), to: lineEnd(source, at) }
  if (offset === null || !tree)
    return { ...line, fix: safe([deleteLines(source, line.from, line.to)], 'Delete the line.') }
  const node = tree.nodes.findLast(
    (candidate) =>
      candidate.from <= offset &&
      offset + length <= candidate.to &&
      ['call', 'function', 'comment', 'string', 'statement'].includes(candidate.kind),
  )
  if (node?.kind === 'function' || (node && /get_?Recipient/i.test(functionOf(node)?.name ?? '')))
    return definition(facts, fact, node.kind === 'function' ? node : (functionOf(node) ?? node))
  const call = node?.kind === 'call' ? node : null
  if (call) return use(facts, fact, call)
  return {
    ...line,
    fix: safe(
      deleteCode(
        source,
        code,
        code.text.lastIndexOf('\n', offset) + 1,
        (code.text.indexOf('\n', offset) + 1 || code.text.length + 1) - 1,
      ),
      'Delete the line.',
    ),
  }
}

/** The method goes with the comment above it. */
function definition(facts: Facts, { code }: CodeFact, node: CodeNode): Place {
  const above = /(?:\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*|(?:[ \t]*\/\/[^\n]*\n)+[ \t]*|#\[[^\]]*\]\s*)$/.exec(
    code.text.slice(0, node.from),
  )?.[0]
  const from = node.from - (above?.length ?? 0) + (above ? above.length - above.trimStart().length : 0)
  const edits = deleteCode(facts.document.source, code, from, node.to)
  return { ...span(facts, code, node), fix: safe(edits, 'Delete the method.') }
}

function span(
  _facts: Facts,
  code: CodeFact['code'],
  node: { from: number; to: number },
): { from: number; to: number } {
  return { from: docOffset(code, node.from), to: docOffset(code, node.to - 1) + 1 }
}

function docOffset(code: CodeFact['code'], offset: number): number {
  const segment = code.segments.findLast(({ codeFrom }) => codeFrom <= offset)
  return segment ? segment.docFrom + offset - segment.codeFrom : code.from
}

/** A use is replaced by the map's entry where the key is known; a statement that only calls it goes. */
function use(facts: Facts, fact: CodeFact, call: CodeNode): Place {
  const { code, tree } = fact
  const { source } = facts.document
  const place = span(facts, code, call)
  if (!tree) return { ...place, fix: manual('Take the recipient from $recipientMap.') }
  const statement = statementOf(call)
  const loop = loopAround(tree, call)
  const owner = functionOf(call)
  const scope = owner ? textOf(tree, owner) : tree.text
  if (loop?.key && /\$recipientMap\b/.test(scope))
    return {
      ...place,
      fix: safe(
        replaceCode(source, code, call.from, call.to, `$recipientMap[${loop.key}]`),
        'Take the recipient from $recipientMap.',
      ),
    }
  const assign = enclosing(call, 'assign')
  const isParameter = assign && owner?.head && textOf(tree, owner.head).includes(assign.name)
  if (isParameter || textOf(tree, statement).replace(/;$/, '') === textOf(tree, call))
    return { ...place, fix: safe(deleteCode(source, code, statement.from, statement.to), 'Delete the line.') }
  if (!fact.instructs)
    return { ...place, fix: safe(deleteCode(source, code, statement.from, statement.to), 'Delete the line.') }
  const declared =
    assign &&
    assign.parent === statement &&
    !variablePattern(assign.name).test(
      scope.slice(scope.indexOf(textOf(tree, statement)) + textOf(tree, statement).length),
    ) &&
    assign.name.startsWith('$')
  return {
    ...place,
    fix: declared
      ? safe(deleteCode(source, code, statement.from, statement.to), 'Delete the line.')
      : manual('Take the recipient from $recipientMap.'),
  }
}

export const getRecipientByUuid: Rule = {
  id: 'get-recipient-by-uuid',
  title: 'getRecipientByUuid() is mentioned',
  invariant: 2,
  demands:
    'No mention of MessagingServiceClient->getRecipientByUuid() anywhere: code, prose, tables, comments and archives alike.',
  breaks: [
    'the method itself',
    'a row of a table that lists it',
    '"Do not use getRecipientByUuid(), it is slow."',
    'an HTML comment with it',
  ],
  looksOnlySo: ['another method of another class, such as getConsentByUuid()'],
  fixedBy: 'The method, row, sentence or comment is deleted; a use becomes $recipientMap[$key].',
  check,
}
