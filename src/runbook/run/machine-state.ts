import type { Runnable } from '../program/block.ts'
import type { Program } from '../program/program.ts'
import type { Entry, Outcome, OutputDigest } from './entry.ts'
import type { Scope } from './outlook.ts'
import type { Progress } from './progress.ts'

/**
 *                    ┌──────────── next place ────────────┐
 *   go               │                                    │
 *  ─────▶ ready ─────┼─▶ stepping ── ended well ──────────┤
 *           ▲        │      └─ badly ─▶ rollback or ended │
 *           │        ├─▶ judging ─ PASS ──────────────────┤
 *           │        │      ▲ │ HOLD, or PASS in a soak   │
 *           │        │ tick │ ▼                           │
 *           │        │     waiting ─ bound reached ▶ ended │
 *           │        ├─▶ watching ─ all PASS, approved ───┤
 *           │        │      ▲ ▼                           │
 *           │        │    awaiting ─ bound reached ▶ ended │
 *           │        └─▶ checking ─ yes / no ─────────────┤
 *           │               └─ cannot tell ─▶ ended       │
 *           │            undoing ─ next step back ────────┘
 *           └──────── (transient: whatever comes next is chosen here)
 *
 * A pause ends `waiting` and `awaiting` at once, everything else when its command has ended; a kill ends the command.
 */
export type Phase =
  | { readonly kind: 'ready' }
  | { readonly kind: 'stepping'; readonly step: string; readonly attempt: number }
  | { readonly kind: 'checking'; readonly step: string }
  | {
      readonly kind: 'judging'
      readonly place: string
      readonly since: number
      readonly passSince: number | null
    }
  | {
      readonly kind: 'waiting'
      readonly place: string
      readonly since: number
      readonly passSince: number | null
    }
  | {
      readonly kind: 'watching'
      readonly approval: string
      readonly since: number
      /** Gates of this look still to be evaluated, the first one running. */
      readonly left: readonly string[]
      readonly holds: readonly string[]
    }
  | {
      readonly kind: 'awaiting'
      readonly approval: string
      readonly since: number
      readonly holds: readonly string[]
    }
  | { readonly kind: 'undoing'; readonly step: string; readonly attempt: number }
  | { readonly kind: 'ended'; readonly code: ExitCode; readonly why: string }

export type PhaseKind = Phase['kind']
/** 0 done, 1 failed, 2 usage or a broken journal, 3 waiting for something or somebody. */
export type ExitCode = 0 | 1 | 2 | 3

export interface RunState {
  readonly program: Program
  readonly progress: Progress
  readonly scope: Scope
  readonly isRehearsal: boolean
  readonly phase: Phase
  /** Why a pause was asked for. */
  readonly pause: string | null
}

/** What a command left. The texts are cut at a bound; the digests are of everything. */
export interface CommandResult {
  readonly outcome: Outcome
  readonly code: number | null
  readonly signal: string | null
  readonly durationMs: number
  readonly stdout: OutputDigest
  readonly stderr: OutputDigest
  readonly text: string
  readonly isCut: boolean
  /** Why it could not be started. */
  readonly problem: string | null
}

export type RunEvent =
  | { readonly kind: 'go' }
  | { readonly kind: 'command-ended'; readonly result: CommandResult }
  | { readonly kind: 'tick' }
  | { readonly kind: 'noted'; readonly entry: Extract<Entry, { kind: 'approved' }> }
  | { readonly kind: 'pause'; readonly why: string }
  | { readonly kind: 'kill' }

export type Effect =
  | { readonly kind: 'record'; readonly entry: Entry }
  | { readonly kind: 'run'; readonly block: Runnable; readonly station: string; readonly timeoutMs: number }
  | { readonly kind: 'wake'; readonly at: number }
  | { readonly kind: 'kill' }

export interface Transition {
  readonly state: RunState
  readonly effects: readonly Effect[]
}
