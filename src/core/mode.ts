/**
 * Mode: who sends, for a scope and a share of the traffic. A request is decided under one setting and keeps
 * its epoch; the ledger, not the mode, is what prevents a second send.
 */
export const modes = ['OFF', 'SHADOW', 'ON'] as const
export type Mode = (typeof modes)[number]

/** The scope of a setting that holds for every tenant without one of its own. */
export const EVERYONE = '*'

export interface ModeSetting {
  /** A tenant, or `*` for everyone. */
  readonly scope: string
  readonly mode: Mode
  /** Share of recipients that ON applies to, 0 to 100; the others stay in SHADOW. */
  readonly rampPercent: number
  /** Number of the mode change that made this setting. */
  readonly epoch: number
}

const COHORTS = 10_000
const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/**
 * Stable cohort of a recipient, 0 to 9,999: FNV-1a over tenant and number, finished by the murmur3 mixer, so
 * that neighbouring numbers spread evenly. A recipient stays in its cohort whatever the ramp.
 */
export function cohortOf(tenant: string, recipient: string): number {
  let hash = FNV_OFFSET
  for (const char of `${tenant}\n${recipient}`) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), FNV_PRIME)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) % COHORTS
}

/** The mode one message is handled in. Below the ramp ON is ON, above it the message is shadowed. */
export function effectiveMode(setting: ModeSetting, tenant: string, recipient: string): Mode {
  if (setting.mode !== 'ON') return setting.mode
  return cohortOf(tenant, recipient) < setting.rampPercent * (COHORTS / 100) ? 'ON' : 'SHADOW'
}

/** The setting that rules a tenant: its own, else everyone's. Undefined when neither exists. */
export function settingFor(settings: readonly ModeSetting[], tenant: string): ModeSetting | undefined {
  return (
    settings.find((setting) => setting.scope === tenant) ??
    settings.find((setting) => setting.scope === EVERYONE)
  )
}
