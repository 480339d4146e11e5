import type { Database } from '../db/database.ts'

export interface RestoreDatabases {
  /** With the gateway's requests and `sms_logs`. */
  readonly legacy: Database
  /** With the ledger; as an administrator, who alone may raise and lift fences. */
  readonly messaging: Database
}

/** What a step of the procedure came to. `not_now`: the procedure has not come that far; `why` says what to do. */
export type Step<Done> =
  | { readonly kind: 'done'; readonly value: Done }
  | { readonly kind: 'not_now'; readonly why: string }

/** As UUIDv7 and as keyset: before every message. */
export const BEFORE_ALL = '00000000-0000-0000-0000-000000000000'

/** Messages or requests a transaction. */
export const PIECE = 500
