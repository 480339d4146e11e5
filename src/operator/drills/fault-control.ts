import type { HttpPeer } from '../../http/exchange.ts'
import { ask } from './ask.ts'

/** Faults between gateway and service, as the fault proxy takes them. */
export interface Faults {
  readonly delay_ms?: number
  readonly swallow?: boolean
  readonly refuse?: boolean
  readonly blackhole?: boolean
}

interface FaultReport extends Faults {
  readonly reset?: boolean
  readonly for_ms?: number
  readonly counters: { readonly forwarded_bytes: { readonly to_upstream: number } }
}

/** Should the drill be killed, its faults end after this. */
const FAULTS_END_MS = 60_000

export interface FaultControl {
  set(faults: Faults): Promise<void>
  clear(): Promise<void>
  /** Bytes of requests that have gone through to the service. */
  forwarded(): Promise<number>
  /** Faults in force that are no drill's: drills' end by themselves. */
  foreign(): Promise<readonly string[]>
}

export function createFaultControl(peer: HttpPeer): FaultControl {
  const path = '/faults'
  const read = () => ask<FaultReport>(peer, { method: 'GET', path })
  return {
    async set(faults) {
      await ask(peer, { method: 'PUT', path, body: { ...faults, for_ms: FAULTS_END_MS } })
    },
    async clear() {
      await ask(peer, { method: 'PUT', path, body: {} })
    },
    async forwarded() {
      return (await read()).counters.forwarded_bytes.to_upstream
    },
    async foreign() {
      const { counters: _, for_ms, ...faults } = await read()
      if (for_ms !== undefined) return []
      return Object.entries(faults).flatMap(([name, value]) => (value ? [name] : []))
    },
  }
}
