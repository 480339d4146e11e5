// Instants as the server keeps and writes them: to the microsecond.
const toMicrosecond = (ms: number): number => Math.round(ms * 1_000) / 1_000

/** ms of a `timestamptz` in text, `infinity` included; null for null. */
export function msOf(instant: string | null | undefined): number | null {
  if (instant === null || instant === undefined) return null
  if (instant === 'infinity') return Number.POSITIVE_INFINITY
  if (instant === '-infinity') return Number.NEGATIVE_INFINITY
  const [, microseconds = '0'] = /\.\d{3}(\d{3})Z$/.exec(instant) ?? []
  return toMicrosecond(Date.parse(instant) + Number(microseconds) / 1_000)
}

export function textOf(ms: number): string {
  const whole = Math.floor(toMicrosecond(ms))
  const microseconds = Math.round((toMicrosecond(ms) - whole) * 1_000)
  return `${new Date(whole).toISOString().slice(0, -1)}${String(microseconds).padStart(3, '0')}Z`
}

interface Due {
  readonly atMs: number
  readonly message_uuid: string
}

/** A page of what is due, the longest first, behind the last one of the page before. */
export function duePage<Row extends Due>(
  rows: readonly Row[],
  now: number,
  last: { readonly due_at: string; readonly message_uuid: string },
  limit: number,
): Row[] {
  const after = { atMs: msOf(last.due_at) ?? now, message_uuid: last.message_uuid }
  return rows
    .map((row) => ({ ...row, atMs: toMicrosecond(row.atMs) }))
    .filter((row) => row.atMs <= now && inOrder(after, row) < 0)
    .toSorted(inOrder)
    .slice(0, limit)
}

function inOrder(a: Due, b: Due): number {
  if (a.atMs !== b.atMs) return a.atMs - b.atMs
  if (a.message_uuid === b.message_uuid) return 0
  return a.message_uuid < b.message_uuid ? -1 : 1
}
