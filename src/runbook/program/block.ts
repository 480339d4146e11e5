export type OnFail = 'stop' | 'rollback'
export type Shell = 'sh' | 'bash' | 'zsh'

interface Common {
  readonly id: string
  /** 1-based line of the opening fence. */
  readonly line: number
  readonly heading: string | null
  /** The block's text: the command, or what is approved. */
  readonly text: string
  /** SHA-256 over role, attributes and text: what changes it changes what the block does. */
  readonly digest: string
}

interface Command extends Common {
  readonly shell: Shell
  readonly timeoutMs: number
}

/** What a command must give to count as done, beside its exit code. */
export interface Expectation {
  readonly codes: readonly number[]
  /** JSONPath over standard output -> the value it must have. */
  readonly json: ReadonlyMap<string, unknown>
}

/** Changes something. */
export interface Step extends Command {
  readonly role: 'step'
  /** Null: whatever stands before it in the document. */
  readonly needs: readonly string[] | null
  /** Gates that must pass right before the step runs, because its rollback depends on them. */
  readonly rollbackNeeds: readonly string[]
  /** Gates that must pass after it; until then it is not complete. */
  readonly after: readonly string[]
  readonly check: string | null
  readonly isIdempotent: boolean
  readonly rollback: string | null
  readonly onFail: OnFail
  /** Where an automatic rollback ends: this step is the last one taken back. Null: all of them. */
  readonly rollbackTo: string | null
  readonly expect: Expectation
  /** Environment variable -> JSONPath over standard output. */
  readonly capture: ReadonlyMap<string, string>
  readonly runsInRehearsal: boolean
}

/** Judges: exit 0 PASS, 1 FAIL, 3 HOLD; any other end is no judgement and holds. */
export interface Gate extends Command {
  readonly role: 'gate'
  readonly needs: readonly string[] | null
  readonly everyMs: number
  /** How long it must stay PASS without a break; 0: one PASS is enough. */
  readonly holdForMs: number
  /** The bound of one evaluation. */
  readonly evaluationMs: number
  readonly onFail: OnFail | null
  readonly rollbackTo: string | null
  readonly json: ReadonlyMap<string, unknown>
}

/**
 * Asks, without changing anything, whether a step has taken effect: exit 0 yes, 1 no, 3 cannot tell. Where values
 * are expected in its output, others are a no.
 */
export interface Check extends Command {
  readonly role: 'check'
  readonly json: ReadonlyMap<string, unknown>
}

export interface Rollback extends Command {
  readonly role: 'rollback'
  /** One run of it takes back every step in a row that names it. */
  readonly isOnce: boolean
}

/** Prints the state of the system a plan is made for. */
export interface StateProbe extends Command {
  readonly role: 'state'
}

/** People approve its text. */
export interface Approval extends Common {
  readonly role: 'approval'
  readonly needs: readonly string[] | null
  readonly approvers: number
  /** Gates that are evaluated while it is awaited. Null: the gates it needs. */
  readonly watch: readonly string[] | null
  /** How long a runner waits for it before it ends with HOLD. */
  readonly timeoutMs: number
}

export type Block = Step | Gate | Check | Rollback | StateProbe | Approval
export type Role = Block['role']
/** What stands in the order of the program. */
export type Station = Step | Gate | Approval
export type Runnable = Exclude<Block, Approval>

export interface ProgramProblem {
  readonly severity: 'error' | 'warning'
  /** 1-based. */
  readonly line: number
  readonly message: string
}
