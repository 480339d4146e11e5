export interface SqlTable {
  readonly name: string
  readonly alias: string | null
  readonly from: number
}

export interface SqlJoin {
  /** The condition after ON or USING. */
  readonly from: number
  readonly to: number
  readonly isUsing: boolean
}

/** One SQL statement; offsets are those of the text it was read from. */
export interface SqlStatement {
  readonly verb: string
  readonly from: number
  readonly to: number
  /** Comments and string contents blanked, same length as the slice. */
  readonly text: string
  /** What an insert, update, delete, grant or revoke is about. */
  readonly target: string | null
  readonly tables: readonly SqlTable[]
  readonly joins: readonly SqlJoin[]
}

const VERB =
  /^\s*(select|insert|replace|update|delete|merge|create|grant|revoke|alter|drop|truncate|with|copy|\(\s*select)\b/i

/** Splits a text into statements and reads verb, target, tables and join conditions of each. */
export function readSql(raw: string): SqlStatement[] {
  const text = blankComments(raw)
  const statements: SqlStatement[] = []
  let from = 0
  for (const end of [...text.matchAll(/;/g)].map((match) => match.index).concat(text.length)) {
    const verb = VERB.exec(text.slice(from, end))
    if (verb) {
      const lead = /^\s*/.exec(text.slice(from, end))?.[0].length ?? 0
      const body = text.slice(from + lead, end).trimEnd()
      statements.push(
        describe(
          verb[1]?.replace(/\W/g, '').toLowerCase() ?? '',
          from + lead,
          body,
          Math.min(end + 1, text.length),
        ),
      )
    }
    from = end + 1
  }
  return statements
}

/** Comments and what stands in quotes become blanks; identifiers in back quotes or double quotes stay. */
function blankComments(raw: string): string {
  return raw.replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\/|(?<=^|\s)#[^\n]*|'(?:[^'\n]|'')*'/g, (part) =>
    part.startsWith("'") ? `'${'x'.repeat(Math.max(0, part.length - 2))}'` : part.replaceAll(/[^\n]/g, ' '),
  )
}

const IDENTIFIER = String.raw`[\w$."\`\[\]]+`
const TARGETS: readonly RegExp[] = [
  new RegExp(
    String.raw`^(?:insert\s+(?:ignore\s+)?into|replace\s+into|merge\s+into|update|delete\s+from|truncate(?:\s+table)?|alter\s+table|drop\s+table|create\s+table(?:\s+if\s+not\s+exists)?|copy)\s+(${IDENTIFIER})`,
    'i',
  ),
  new RegExp(String.raw`^(?:grant|revoke)\s[\s\S]*?\son\s+(?:table\s+)?(${IDENTIFIER})`, 'i'),
  new RegExp(String.raw`^with\b[\s\S]*?\)\s*(?:insert\s+into|update|delete\s+from)\s+(${IDENTIFIER})`, 'i'),
]

function describe(verb: string, from: number, body: string, end: number): SqlStatement {
  const target = TARGETS.map((pattern) => pattern.exec(body)?.[1]).find((name) => name !== undefined)
  const effective =
    verb === 'with' ? (/\)\s*(insert|update|delete)\b/i.exec(body)?.[1]?.toLowerCase() ?? 'select') : verb
  return {
    verb: effective,
    from,
    to: Math.min(end, from + body.length + 1),
    text: body,
    target: target ? bareName(target) : null,
    tables: tablesOf(body, from),
    joins: joinsOf(body, from),
  }
}

/** The last part of a qualified name, unquoted. */
export function bareName(name: string): string {
  return (
    name
      .replaceAll(/["`[\]]/g, '')
      .split('.')
      .at(-1) ?? ''
  ).toLowerCase()
}

const KEYWORD = String.raw`(?:on|using|where|join|left|right|inner|outer|full|cross|natural|group|order|limit|set|values|union|except|minus|intersect|having|and|or|lateral|select|returning|from)\b`

function tablesOf(body: string, shift: number): SqlTable[] {
  const pattern = new RegExp(
    String.raw`\b(?:from|join|,)\s*\(?\s*(${IDENTIFIER})(?:\s+(?:as\s+)?(?!${KEYWORD})(\w+))?`,
    'gi',
  )
  return Array.from(body.matchAll(pattern), (match) => {
    return { name: bareName(match[1] ?? ''), alias: match[2] ?? null, from: shift + match.index }
  })
}

const CONDITION_END =
  /\b(?:where|group\s+by|order\s+by|limit|having|union|except|intersect|(?:(?:full|left|right)\s+(?:outer\s+)?|inner\s+|cross\s+|natural\s+)?join)\b|;|$/i

function joinsOf(body: string, shift: number): SqlJoin[] {
  const joins: SqlJoin[] = []
  for (const match of body.matchAll(/\bjoin\b/gi)) {
    const rest = body.slice(match.index + 4)
    const start = /\b(on|using)\b\s*/i.exec(rest)
    if (!start || /\bjoin\b/i.test(rest.slice(0, start.index))) continue
    const from = match.index + 4 + start.index + start[0].length
    const tail = body.slice(from)
    const isUsing = start[1]?.toLowerCase() === 'using'
    const to = from + (isUsing ? tail.indexOf(')') + 1 : conditionLength(tail))
    joins.push({ from: shift + from, to: shift + to, isUsing })
  }
  return joins
}

/** A condition ends at the next clause, or at the bracket that closes the query around it. */
function conditionLength(tail: string): number {
  const end = CONDITION_END.exec(tail)?.index ?? tail.length
  let depth = 0
  for (let at = 0; at < end; at++) {
    if (tail[at] === '(') depth++
    else if (tail[at] === ')' && --depth < 0) return tail.slice(0, at).trimEnd().length
  }
  return tail.slice(0, end).trimEnd().length
}
