import { Type, type Static } from 'typebox'

/** Totals since the start, but for `open_connections`, which is now. */
export const CountersSchema = Type.Object({
  connections: Type.Integer(),
  open_connections: Type.Integer(),
  forwarded_bytes: Type.Object({ to_upstream: Type.Integer(), to_client: Type.Integer() }),
  /** Bytes of answers that were dropped. */
  swallowed_bytes: Type.Integer(),
  /** Bytes of requests that were dropped. */
  blackholed_bytes: Type.Integer(),
  /** Client connections that a fault, or the end of one, has reset. */
  reset: Type.Integer(),
})

export type Counters = Static<typeof CountersSchema>

export function newCounters(): Counters {
  return {
    connections: 0,
    open_connections: 0,
    forwarded_bytes: { to_upstream: 0, to_client: 0 },
    swallowed_bytes: 0,
    blackholed_bytes: 0,
    reset: 0,
  }
}
