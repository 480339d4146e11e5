const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const DAYS_MAX = 30

/** Milliseconds of `500ms`, `60s`, `5m`, `1h30m`, `2d`; null for anything else, also for more than 30 days. */
export function durationMs(text: string): number | null {
  if (!/^(?:\d+(?:ms|s|m|h|d))+$/.test(text)) return null
  let total = 0
  for (const [, figure, unit] of text.matchAll(/(\d+)(ms|s|m|h|d)/g))
    total += Number(figure) * (UNITS[unit ?? ''] ?? 0)
  return total <= DAYS_MAX * 86_400_000 ? total : null
}

/** As a person reads it: `800ms`, `12s`, `3m20s`, `2h05m`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))}ms`
  const seconds = Math.floor(ms / 1000)
  if (seconds < 60) return `${seconds}s`
  const two = (figure: number): string => String(figure).padStart(2, '0')
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m${two(seconds % 60)}s`
  return `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`
}
