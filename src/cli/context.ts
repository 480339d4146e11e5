import { maskNumbers } from '../process/mask-numbers.ts'
import { findReach, type Reach } from './reach.ts'
import { exitCodes, type CliShell, type Outcome } from './shell.ts'

/** What a verb's command works with; it remembers the exit code. */
export interface CliContext {
  readonly shell: CliShell
  readonly reach: Reach
  /** Prints what came of it: as JSON, or rendered for people with every number masked. */
  readonly report: <Value>(
    outcome: Outcome<Value>,
    options: { readonly json?: boolean | undefined },
    render: (value: Value) => string,
    typed?: readonly string[],
  ) => void
  readonly finish: (code: number) => void
  readonly code: () => number
}

export function createContext(shell: CliShell): CliContext {
  let code: number = exitCodes.done
  const finish = (wanted: number): void => {
    code = Math.max(code, wanted)
  }
  return {
    shell,
    reach: findReach(shell.environment, shell.workingDirectory),
    finish,
    code: () => code,
    report(outcome, { json }, render, typed = []) {
      if (outcome.kind === 'done') {
        shell.print(
          json ? JSON.stringify(outcome.value, null, 2) : maskExcept(render(outcome.value), typed).trimEnd(),
        )
        return
      }
      finish(exitCodes[outcome.kind])
      if (json) shell.print(JSON.stringify({ error: outcome.kind, detail: outcome.detail }))
      else shell.complain(`baton: ${maskExcept(outcome.detail, typed)}`)
    },
  }
}

/** Numbers are masked, but for those the operator typed and so knows. */
function maskExcept(text: string, typed: readonly string[]): string {
  const numbers = typed.filter((number) => /^\+[0-9]+$/.test(number))
  if (numbers.length === 0) return maskNumbers(text)
  const known = new RegExp(`(${numbers.map((number) => number.replace('+', '\\+')).join('|')})(?![0-9])`)
  return text
    .split(known)
    .map((part) => (numbers.includes(part) ? part : maskNumbers(part)))
    .join('')
}
