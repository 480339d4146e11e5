import type { Gate } from '../gates.ts'

/** For a gate that is known to be in the list. */
export function gateOf(gate: Gate | undefined): Gate {
  if (!gate) throw new Error('drill: its gate is not in the list of gates')
  return gate
}
