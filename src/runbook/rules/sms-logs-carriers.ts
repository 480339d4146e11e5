import { toDoc, type Code } from '../markdown/code-block.ts'
import type { SqlStatement } from '../sql/statements.ts'

const TABLE = String.raw`[\`"[]?(?:\w+[\`"\]]?\.[\`"[]?)*sms_logs\b`
const WRITES_INSIDE = new RegExp(
  String.raw`\b(?:insert\s+(?:ignore\s+)?into|replace\s+into|merge\s+into|update|delete\s+from)\s+${TABLE}`,
  'i',
)
const BUILT_FROM_GO = new RegExp(
  String.raw`^create\s+(?:or\s+replace\s+)?(?:materiali[sz]ed\s+)?view\s+(?:if\s+not\s+exists\s+)?${TABLE}[\s\S]*\bgo_sms_logs\b`,
  'i',
)
const FIRED_BY_GO = /\b(?:trigger|rule)\b[^;]*?\bon\s+(?:\w+\s+to\s+)?[`"]?(?:\w+\.)?go_sms_logs\b/i

/** A function, trigger, rule, event or view of the database that fills sms_logs. */
export function carriesRows({ verb, text }: SqlStatement): boolean {
  return verb === 'create' && (WRITES_INSIDE.test(text) || BUILT_FROM_GO.test(text))
}

/** Whether a block's trigger or rule fires on the service's own table, or its body reads it. */
export function isFiredByGo(code: Code): boolean {
  return FIRED_BY_GO.test(code.text) || /\bfrom\s+(?:\w+\.)?go_sms_logs\b/i.test(code.text)
}

/** The function with its trigger: from the first statement that makes one to the end of the last. */
export function carrierSpan(
  code: Code,
  statements: readonly SqlStatement[],
): { from: number; to: number } | null {
  const made = statements.filter(({ text }) =>
    /^create\s+(?:or\s+replace\s+)?(?:\w+\s+)?(?:function|trigger|procedure|rule|event|view)\b/i.test(text),
  )
  const [first] = made
  const last = made.at(-1)
  if (!first || !last || toDoc(code, first.from) > toDoc(code, last.to)) return null
  return { from: first.from, to: last.to }
}
