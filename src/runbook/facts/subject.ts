/** Whether a document is about this migration at all. */
export interface Subject {
  readonly isMigration: boolean
  /** The signs that were found, for a message. */
  readonly signs: readonly string[]
  /** [major, minor, patch] of the Laravel version the document states; null where it states none. */
  readonly laravelVersion: readonly [number, number, number] | null
}

const SIGNS: readonly (readonly [string, RegExp])[] = [
  ['sms_logs', /\b(?:go_)?sms_logs\b/],
  ['message_uuid', /\bmessage_?uuid\b|messageUuidMap/i],
  ['the modes OFF, SHADOW and ON', /\bshadow\b/i],
  ['the controller', /\bSmsController\b/],
  ['the client', /\bMessagingService(?:Client)?\b|\bmessaging service\b|getRecipientByUuid/i],
  ['a dry run', /\bdry_?-?run\b/i],
  ['the legacy driver', /\blegacy\b/i],
  ['SMS', /\bSMS\b|\btext messages?\b/i],
  ['Laravel', /\bLaravel\b/],
  ['Go', /\bGo\b(?= (?:\w+ )?(?:service|side|handler|messaging))|\bGolang\b|\.go\b/],
]
const SIGNS_MIN = 4

export function findSubject(norm: string): Subject {
  const signs = SIGNS.filter(([, pattern]) => pattern.test(norm)).map(([name]) => name)
  const isCertain = /\bgo_sms_logs\b|getRecipientByUuid|messageUuidMap/i.test(norm)
  return {
    isMigration: signs.length >= SIGNS_MIN || (isCertain && signs.length >= 1),
    signs,
    laravelVersion: laravelVersion(norm),
  }
}

const VERSIONS: readonly RegExp[] = [
  /\blaravel\/framework["']?\s*[:=]\s*["']?[\^~>=v ]*(\d+)(?:\.(\d+))?(?:\.(\d+))?/i,
  /\bLaravel(?:\s+(?:Framework|version|v))*\s*[`*"(v]*(\d{1,2})(?:\.(\d+|x))?(?:\.(\d+|x))?(?!\d|\s*(?:ms|s|%|messages)\b)/,
]

function laravelVersion(norm: string): Subject['laravelVersion'] {
  for (const pattern of VERSIONS) {
    const match = pattern.exec(norm)
    const major = Number(match?.[1] ?? Number.NaN)
    if (match && major >= 4 && major <= 40) return [major, Number(match[2]) || 0, Number(match[3]) || 0]
  }
  return null
}

/** From 11.35.1 on `Http::timeout()` takes fractions; before, 0.5 became 0, which waits for ever. */
export function cutsFractions(version: readonly [number, number, number]): boolean {
  const [major, minor, patch] = version
  if (major !== 11) return major < 11
  // A bare "Laravel 11" says nothing against the fixed releases.
  if (minor === 0 && patch === 0) return false
  return minor < 35 || (minor === 35 && patch < 1)
}
