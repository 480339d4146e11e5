import type { Block, Station } from './block.ts'

/** Gates that a step names as its own (`after`, `rollback_needs`): they are evaluated there and nowhere else. */
export function attachedGates(blocks: readonly Block[]): ReadonlySet<string> {
  return new Set(
    blocks.flatMap((block) => (block.role === 'step' ? [...block.after, ...block.rollbackNeeds] : [])),
  )
}

export function isStation(block: Block, attached: ReadonlySet<string>): block is Station {
  return (
    block.role === 'step' || block.role === 'approval' || (block.role === 'gate' && !attached.has(block.id))
  )
}

/** What each station needs; one that does not say needs the one before it in the document. */
export function resolveNeeds(inDocument: readonly Station[]): Map<string, readonly string[]> {
  return new Map(
    inDocument.map((station, index) => {
      const before = inDocument[index - 1]
      return [station.id, station.needs ?? (before ? [before.id] : [])]
    }),
  )
}

export interface Ordered {
  readonly ordered: readonly Station[]
  /** Stations that wait for each other; empty unless the needs go round. */
  readonly circle: readonly Station[]
}

/** Every station behind all it needs, otherwise as the document has them. */
export function orderStations(
  inDocument: readonly Station[],
  needs: ReadonlyMap<string, readonly string[]>,
): Ordered {
  const ordered: Station[] = []
  const placed = new Set<string>()
  let left = [...inDocument]
  while (left.length > 0) {
    const next = left.find(({ id }) => (needs.get(id) ?? []).every((need) => placed.has(need)))
    if (!next) return { ordered, circle: left }
    ordered.push(next)
    placed.add(next.id)
    left = left.filter((station) => station !== next)
  }
  return { ordered, circle: [] }
}
