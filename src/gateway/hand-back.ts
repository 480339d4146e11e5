import { handBack, heldByService, type HeldMessage } from '../authority/hand-over.ts'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'

export interface HandBackOptions {
  /** With `sms_logs`. */
  readonly legacy: Database
  /** With the ledger. */
  readonly messaging: Database
  /** Null: messages of all tenants. */
  readonly tenant: string | null
  /** Most messages to be handed back; null: all. */
  readonly limit: number | null
  /** False: only what there is, nothing is changed. */
  readonly execute: boolean
  readonly reason: string
  readonly onProgress?: (handedBack: number) => void
}

/** What the service holds. */
export interface HeldByService {
  /** To be sent now, and with no send under way: these are handed back, with the three below. */
  readonly claimed: number
  readonly scheduled: number
  /** After an attempt that is proven not to have been executed. */
  readonly tried: number
  /** Past their validity: handed back, the legacy side voids them. */
  readonly late: number
  /** Being sent: they stay with the service. */
  readonly dispatched: number
  /** Perhaps sent: they stay with the service, and wait for a proof. */
  readonly in_doubt: number
}

export interface HandBackResult {
  readonly executed: boolean
  readonly tenant: string | null
  /** Before anything was handed back. */
  readonly held: HeldByService
  readonly handed_back: number
  /** Begun by the service in the moment between: the ledger gave them to it. */
  readonly kept_by_service: number
}

const ofTenant = statement<{ message_uuid: string }>(import.meta.url, './sql/of-tenant.sql')

const PAGE_MAX = 500
const DEADLINE_MS = 10_000
const FIRST_UUID = '00000000-0000-0000-0000-000000000000'

/**
 * Takes from the service what it has not begun to send, in batches, so that the legacy side sends it: a gateway does,
 * as soon as one runs. The service may be dispatching meanwhile, or be down for good. Safe to break off and to repeat.
 */
export async function handBackMessages(options: HandBackOptions): Promise<HandBackResult> {
  const { messaging, tenant, execute, reason, onProgress } = options
  const held = await countHeld(options)
  let left = options.limit ?? Infinity
  let handed = 0
  let kept = 0
  for await (const page of execute ? pagesOf(options, 'claimed') : []) {
    const wanted = page.slice(0, left).map((one) => one.message_uuid)
    if (wanted.length > 0) {
      const done = await handBack(messaging, wanted, reason, DEADLINE_MS)
      handed += done.length
      kept += wanted.length - done.length
      left -= done.length
      onProgress?.(handed)
    }
    if (left <= 0) break
  }
  return { executed: execute, tenant, held, handed_back: handed, kept_by_service: kept }
}

async function countHeld(options: HandBackOptions): Promise<HeldByService> {
  const counts = { claimed: 0, scheduled: 0, tried: 0, late: 0, dispatched: 0, in_doubt: 0 }
  for await (const page of pagesOf(options, 'claimed')) for (const one of page) counts[kindOf(one)]++
  for (const state of ['dispatched', 'in_doubt'] as const) {
    for await (const page of pagesOf(options, state)) counts[state] += page.length
  }
  return counts
}

function kindOf({ scheduled, tried, late }: HeldMessage): 'claimed' | 'scheduled' | 'tried' | 'late' {
  if (late) return 'late'
  if (scheduled) return 'scheduled'
  return tried ? 'tried' : 'claimed'
}

/** What the service holds in one state, once through in the order of the uuids. */
async function* pagesOf(
  { legacy, messaging, tenant }: HandBackOptions,
  state: 'claimed' | 'dispatched' | 'in_doubt',
): AsyncGenerator<HeldMessage[]> {
  let after = FIRST_UUID
  for (;;) {
    const page = await heldByService(messaging, state, after, PAGE_MAX)
    const last = page.at(-1)
    if (!last) return
    after = last.message_uuid
    if (tenant === null) yield page
    else {
      const ours = await legacy.run(ofTenant, [page.map((one) => one.message_uuid), tenant])
      const uuids = new Set(ours.map((row) => row.message_uuid))
      yield page.filter((one) => uuids.has(one.message_uuid))
    }
  }
}
