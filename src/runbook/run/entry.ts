import type { OnFail } from '../program/block.ts'

/** How a command ended. `rehearsed`: it was only logged. */
export type Outcome = 'exited' | 'timeout' | 'killed' | 'signal' | 'unstartable' | 'rehearsed'
export type Verdict = 'PASS' | 'FAIL' | 'HOLD'

export interface OutputDigest {
  readonly sha256: string
  readonly bytes: number
}

/** What the journal keeps, one line each. All times are milliseconds since the epoch, in the line's `at`. */
export type Entry =
  | {
      readonly kind: 'opened'
      readonly name: string
      readonly document: string
      readonly tool: string
      readonly blocks: Readonly<Record<string, string>>
      /** Parameters that differ from what the document gives them. */
      readonly set: Readonly<Record<string, string>>
      /** The digest of the plan it was started with. */
      readonly plan: string | null
    }
  /** Another process takes the run up: gates that count from now on need a fresh look. */
  | { readonly kind: 'resumed'; readonly tool: string; readonly plan: string | null }
  | {
      readonly kind: 'edit-accepted'
      readonly by: string
      readonly reason: string
      readonly document: string
      readonly blocks: Readonly<Record<string, string>>
      readonly set: Readonly<Record<string, string>>
      readonly changed: readonly string[]
    }
  | {
      readonly kind: 'approved'
      readonly id: string
      readonly by: string
      readonly reason: string
      /** The digest of what was approved; a changed text is not approved. */
      readonly block: string
    }
  /** Durable before the command starts. */
  | {
      readonly kind: 'started'
      readonly step: string
      readonly role: 'step' | 'rollback'
      readonly attempt: number
      readonly block: string
    }
  | {
      readonly kind: 'ended'
      readonly step: string
      readonly role: 'step' | 'rollback'
      readonly attempt: number
      readonly is_done: boolean
      readonly outcome: Outcome
      readonly code: number | null
      readonly signal: string | null
      readonly duration_ms: number
      readonly stdout: OutputDigest
      readonly stderr: OutputDigest
      readonly captured: Readonly<Record<string, string>>
      readonly why: string | null
    }
  /** Whether a step whose fate was unknown has taken effect, by its check or by a person. */
  | {
      readonly kind: 'decided'
      readonly step: string
      readonly is_done: boolean
      readonly by: string
      readonly reason: string
      readonly captured: Readonly<Record<string, string>>
    }
  /** A verdict that differs from the one before it at this place. */
  | {
      readonly kind: 'judged'
      readonly place: string
      readonly gate: string
      readonly verdict: Verdict
      readonly why: string
    }
  | { readonly kind: 'passed'; readonly place: string }
  | {
      readonly kind: 'rollback-began'
      readonly because: string
      readonly is_automatic: boolean
      /** Latest first. */
      readonly steps: readonly string[]
      /** Places and approvals that no longer count. */
      readonly voids: readonly string[]
    }
  | { readonly kind: 'rollback-ended' }
  | { readonly kind: 'repaired'; readonly cut_bytes: number; readonly cut_sha256: string }
  | { readonly kind: 'stopped'; readonly code: number; readonly why: string }

export type EntryOf<K extends Entry['kind']> = Extract<Entry, { kind: K }>

export interface Failure {
  readonly onFail: OnFail
  readonly rollbackTo: string | null
  readonly why: string
}
