/** The value of a JSON text; undefined when it is none. An integer too long for a number, as ids are, is a text. */
export function parseJson(text: string | Uint8Array): unknown {
  try {
    const json = typeof text === 'string' ? text : new TextDecoder('utf-8', { fatal: true }).decode(text)
    return JSON.parse(json, keepLongInteger)
  } catch {
    return undefined
  }
}

/** The source text is there in Node 24; the library's types do not name it yet. */
function keepLongInteger(...[, value, context]: [string, unknown, { source?: string }?]): unknown {
  const source = context?.source ?? ''
  const isLong = typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source)
  return isLong ? source : value
}

/** Whether a content type says JSON: `application/json`, `application/problem+json`, AWS's `x-amz-json-1.0`. */
export function isJson(contentType: string | readonly string[] | undefined): boolean {
  return typeof contentType === 'string' && /^application\/(?:[\w.-]+\+|x-amz-)?json\b/i.test(contentType)
}

/** A form body's fields; undefined when a name stands twice, since vendors' receipts have each once. */
export function parseForm(body: Uint8Array): Record<string, string> | undefined {
  const fields = [...new URLSearchParams(Buffer.from(body).toString('utf8'))]
  const record = Object.fromEntries(fields)
  return Object.keys(record).length === fields.length ? record : undefined
}
