const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * A callback address of one message's own, for vendors that echo no reference: the uuid is the last segment of
 * the path, since some signatures cover the path but not the query.
 */
export function receiptAddress(receiptUrl: string, messageUuid: string): string {
  return `${receiptUrl.replace(/\/$/, '')}/${messageUuid}`
}

/** The uuid a callback address names, if it names one. */
export function addressedMessage(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined
  const segment = new URL(url).pathname.split('/').at(-1)?.toLowerCase()
  return segment !== undefined && UUID.test(segment) ? segment : undefined
}

/** The uuid a vendor's echo of our reference holds, if it holds one. */
export function referenceOf(echo: unknown): string | undefined {
  return typeof echo === 'string' && UUID.test(echo) ? echo : undefined
}
