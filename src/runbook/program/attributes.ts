/** The attributes of a fenced block, as its info string carries them. */
export type Attributes =
  | { readonly kind: 'none' }
  | { readonly kind: 'attributes'; readonly values: ReadonlyMap<string, unknown> }
  | { readonly kind: 'unreadable'; readonly why: string }

/**
 * Reads what follows the language: a JSON object, or Runme's older `{ key=value key=value }`. A block that does not
 * speak of `baton` is prose, whatever its info string looks like.
 */
export function readAttributes(info: string): Attributes {
  const open = info.indexOf('{')
  const braces = open < 0 ? '' : info.slice(open).trim()
  if (!/\bbaton\b["']?\s*[:=]/.test(braces)) return { kind: 'none' }
  if (!braces.endsWith('}'))
    return { kind: 'unreadable', why: 'the attributes have no closing brace at the end' }
  const inner = braces.slice(1, -1).trim()
  return inner.startsWith('"') ? readJson(braces) : readPairs(inner)
}

function readJson(text: string): Attributes {
  try {
    const value: unknown = JSON.parse(text)
    const twice = repeatedKey(text, Object.keys(value as object))
    if (twice !== null) return { kind: 'unreadable', why: `an attribute stands twice: ${twice}` }
    return { kind: 'attributes', values: new Map(Object.entries(value as object)) }
  } catch (error) {
    return { kind: 'unreadable', why: `the attributes are no JSON object: ${(error as Error).message}` }
  }
}

/** JSON keeps the last of two equal keys; which one its writer meant cannot be known. */
function repeatedKey(text: string, keys: readonly string[]): string | null {
  let depth = 0
  const seen = new Set<string>()
  for (const match of text.matchAll(/"((?:[^"\\]|\\.)*)"(\s*:)?|[{}[\]]/g)) {
    const [token, key, colon] = match
    if (token === '{' || token === '[') depth++
    else if (token === '}' || token === ']') depth--
    else if (depth === 1 && colon !== undefined && key !== undefined) {
      if (seen.has(key)) return keys.includes(key) ? key : token
      seen.add(key)
    }
  }
  return null
}

function readPairs(inner: string): Attributes {
  const values = new Map<string, unknown>()
  for (const pair of inner.split(/\s+/)) {
    const at = pair.indexOf('=')
    if (at < 1) return { kind: 'unreadable', why: `this is no key=value: ${pair}: blanks need the JSON form` }
    const key = pair.slice(0, at)
    if (values.has(key)) return { kind: 'unreadable', why: `an attribute stands twice: ${key}` }
    values.set(key, pair.slice(at + 1).replaceAll(/^(["'])(.*)\1$/g, '$2'))
  }
  return { kind: 'attributes', values }
}
