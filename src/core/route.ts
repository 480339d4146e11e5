/** What a provider takes, and how much it is wanted. */
export interface ProviderRule {
  readonly name: string
  /** ISO 3166-1 alpha-2; absent: all. */
  readonly countries?: readonly string[]
  /** Absent: all. */
  readonly tenants?: readonly string[]
  /** A cheaper provider goes before a dearer one; any unit, 0 by default. */
  readonly cost?: number
  /** Share among providers of the same cost, 1 by default; 0: only when the others cannot. */
  readonly weight?: number
}

export interface Destination {
  readonly messageUuid: string
  /** Null for a number of no country: only providers that take all countries take it. */
  readonly country: string | null
  readonly tenant: string | null
}

/**
 * The providers that may send this message, the best first. The same message always gets the same route, and
 * over many messages the first places fall by weight.
 */
export function routeFor(destination: Destination, rules: readonly ProviderRule[]): string[] {
  const { messageUuid, country, tenant } = destination
  const takes = ({ countries, tenants }: ProviderRule) =>
    (!countries || (country !== null && countries.includes(country))) &&
    (!tenants || (tenant !== null && tenants.includes(tenant)))
  return rules
    .filter(takes)
    .map((rule) => ({ rule, draw: draw(`${messageUuid} ${rule.name}`, rule.weight ?? 1) }))
    .toSorted((a, b) => (a.rule.cost ?? 0) - (b.rule.cost ?? 0) || b.draw - a.draw)
    .map(({ rule }) => rule.name)
}

/** Efraimidis and Spirakis: the largest u^(1/weight) wins in proportion to its weight; weight 0 draws 0. */
function draw(seed: string, weight: number): number {
  return shareOf(seed) ** (1 / weight)
}

/** 0 to 1, evenly: FNV-1a, finished by the murmur3 mixer. */
function shareOf(seed: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < seed.length; index++) {
    hash = Math.imul(hash ^ seed.charCodeAt(index), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}
