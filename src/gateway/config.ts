export interface GatewayConfig {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  /** Where `sms_logs`, requests, mode and quota live. */
  readonly legacyDatabaseUrl: string
  /** Where the ledger lives. */
  readonly ledgerDatabaseUrl: string
  readonly connectionsMax: number
  /** Origin of the messaging service. */
  readonly serviceUrl: string
  /** Shared with the service: calls are signed, and only signed answers count. */
  readonly serviceSecret: string | null
  readonly recipientsMax: number
  /** How long entry may take before the caller is told 503. */
  readonly entryDeadlineMs: number
  /** How long the ledger is asked before a message is `unresolved`. */
  readonly ledgerDeadlineMs: number
  readonly breakerFailuresMax: number
  readonly breakerProbeIntervalMs: number
  /** A dispatch without an outcome for so long is flagged in doubt. Longer than the driver's timeout. */
  readonly inDoubtAfterMs: number
  /** Past this age an unresolved message is voided instead of sent. */
  readonly wantedMs: number
  /** So long a caller with an Idempotency-Key has to come again after a crash. */
  readonly keyedGraceMs: number
  /** The vendor that the legacy side sends by, for the comparison in SHADOW; null: not known. */
  readonly legacyRoute?: string | null
  /** What it pays for one part of a message, in the unit of the providers file. */
  readonly legacyPricePerSegment?: number | null
  /** How far ahead `send_at` may lie. */
  readonly scheduleDaysMax: number
}
