import type { Check, Gate, Step } from '../program/block.ts'
import type { Verdict } from './entry.ts'
import { capture, mismatch, unreadable } from './json-values.ts'
import type { CommandResult } from './machine-state.ts'

/** In words: how a command ended. */
export function endText({ outcome, code, signal, durationMs, problem }: CommandResult): string {
  if (outcome === 'exited') return `exit ${code}`
  if (outcome === 'signal') return `ended by ${signal}`
  if (outcome === 'timeout') return `did not end within its timeout: killed after ${durationMs} ms`
  if (outcome === 'killed') return 'killed on demand'
  return outcome === 'rehearsed' ? 'only logged' : `could not be started: ${problem ?? 'unknown'}`
}

export interface Judgement {
  readonly verdict: Verdict
  readonly why: string
}

/** Exit 0 PASS, 1 FAIL, 3 HOLD. A gate that breaks has judged nothing: HOLD. */
export function judgeGate(gate: Gate, result: CommandResult): Judgement {
  const why = endText(result)
  if (result.outcome !== 'exited') return { verdict: 'HOLD', why }
  if (result.code === 1) return { verdict: 'FAIL', why: reasonOf(result, why) }
  if (result.code !== 0)
    return { verdict: 'HOLD', why: result.code === 3 ? reasonOf(result, why) : `error: ${why}` }
  const wrong = mismatch(gate.json, result)
  return wrong === null ? { verdict: 'PASS', why } : { verdict: 'FAIL', why: wrong }
}

/** The last line a gate printed says more than its exit code. */
function reasonOf({ text }: CommandResult, why: string): string {
  const last = text.trim().split('\n').at(-1)?.trim() ?? ''
  return last === '' ? why : `${why}: ${last.slice(0, 200)}`
}

export interface StepEnd {
  readonly isDone: boolean
  readonly captured: Readonly<Record<string, string>>
  readonly why: string | null
}

export function judgeStep(step: Step, result: CommandResult): StepEnd {
  const failed = (why: string): StepEnd => ({ isDone: false, captured: {}, why })
  if (result.outcome === 'rehearsed') return { isDone: true, captured: {}, why: null }
  if (result.outcome !== 'exited') return failed(endText(result))
  if (result.code === null || !step.expect.codes.includes(result.code))
    return failed(`${endText(result)}, not ${step.expect.codes.join(' or ')}`)
  const wrong = mismatch(step.expect.json, result)
  if (wrong !== null) return failed(wrong)
  const captured = capture(step.capture, result)
  return captured.kind === 'captured'
    ? { isDone: true, captured: captured.values, why: null }
    : failed(captured.why)
}

export type Answer =
  | { readonly kind: 'yes'; readonly captured: Readonly<Record<string, string>> }
  | { readonly kind: 'no' }
  | { readonly kind: 'unknown'; readonly why: string }

/**
 * What a check says about a step: exit 0 yes, 1 no, anything else cannot tell. Going on from a step needs the values
 * it captures, so its check must print them as well.
 */
export function answerOf(step: Step, check: Check, result: CommandResult, isGoingOn: boolean): Answer {
  if (result.outcome === 'exited' && result.code === 1) return { kind: 'no' }
  if (result.outcome !== 'exited' || result.code !== 0)
    return { kind: 'unknown', why: `its check cannot tell: ${endText(result)}` }
  if (check.json.size > 0) {
    const why = unreadable(result)
    if (why !== null) return { kind: 'unknown', why: `its check cannot tell: ${why}` }
    if (mismatch(check.json, result) !== null) return { kind: 'no' }
  }
  const captured = capture(step.capture, result)
  if (captured.kind === 'captured') return { kind: 'yes', captured: captured.values }
  return isGoingOn
    ? { kind: 'unknown', why: `it took effect, but its values are lost: ${captured.why}` }
    : { kind: 'yes', captured: {} }
}
