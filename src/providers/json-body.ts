/** The value of a JSON text; undefined when it is none. */
export function parseJson(text: string | Uint8Array): unknown {
  try {
    return JSON.parse(
      typeof text === 'string' ? text : new TextDecoder('utf-8', { fatal: true }).decode(text),
    )
  } catch {
    return undefined
  }
}

function keepLongInteger(...[, value, { source } = {}]: [string, unknown, { source?: string }?]): unknown {
  const isLong = typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source ?? '')
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
