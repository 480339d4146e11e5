import type { CodeFact, Facts } from './facts.ts'

/** Whether a role of the database is the Go service's. */
export function isGoRole(facts: Facts, { code, side }: CodeFact, role: string): boolean {
  const name = role.toLowerCase()
  if (/laravel|legacy|portal|report|bi_|reader|readonly/.test(name)) return false
  if (/(?:^|_|["'`])go(?:_|\b)|messag|gosvc|golang/.test(name)) return true
  if (
    facts.entities.goNames.some(
      (goName) =>
        name.includes(goName.toLowerCase().split(/[-_.]/)[0] ?? goName) ||
        name.includes(goName.toLowerCase().replaceAll('-', '_')),
    )
  )
    return true
  if (
    facts.entities.laravelNames.some((other) => name.includes(other.toLowerCase().split(/[-_.]/)[0] ?? other))
  )
    return false
  const ownsGoTable = new RegExp(
    String.raw`grant[^;]*\bgo_sms_logs\b[^;]*\bto\s+${role.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}`,
    'i',
  ).test(code.text)
  return ownsGoTable || side === 'go'
}
