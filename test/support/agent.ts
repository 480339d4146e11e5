// An agent that follows a runbook and knows nothing but `next` and `run`: what may be done is done, in order.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Next } from '../../src/runbook/run/index.ts'

const root = join(import.meta.dirname, '..', '..')
const ROUNDS_MAX = 400

export interface AgentOptions {
  readonly runbook: string
  readonly journal: string
  readonly environment: Readonly<Record<string, string>>
  /** `NAME=VALUE` of parameters. */
  readonly set: readonly string[]
  /** Stops before this station. */
  readonly before?: string
  readonly say: (line: string) => void
}

export interface Ran {
  readonly code: number
  readonly out: string
  readonly complaints: string
}

export interface Ended {
  /** What was run, in order, with its exit code. */
  readonly steps: readonly (readonly [string, number])[]
  /** The station at which it stopped with another code than 0; null: all is done. */
  readonly stoppedAt: string | null
  readonly why: string
}

/** Runs `baton` in a process of its own. */
export function baton(argv: readonly string[], environment: Readonly<Record<string, string>>): Promise<Ran> {
  const { BATON_TEST_ADMIN_URL: _, ...own } = process.env
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(root, 'bin', 'baton.ts'), ...argv],
    {
      cwd: root,
      env: { ...own, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let out = ''
  let complaints = ''
  child.stdout.on('data', (data: Buffer) => (out += data.toString()))
  child.stderr.on('data', (data: Buffer) => (complaints += data.toString()))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? 2, out, complaints }))
  })
}

/** Does what `next` allows until nothing is left, or something ends with another code than 0. */
export async function follow(options: AgentOptions): Promise<Ended> {
  const { runbook, journal, environment, set, say } = options
  const verb = (name: string, ...more: string[]) =>
    baton(['runbook', name, runbook, '--journal', journal, ...more], environment)
  const steps: [string, number][] = []
  const people = ['ann', 'bob']
  const parameters = set.flatMap((pair) => ['--set', pair])
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const asked = await verb('next', '--json')
    if (asked.code !== 0) throw new Error(`next: exit ${asked.code}: ${asked.out} ${asked.complaints}`)
    const { may } = JSON.parse(asked.out) as Extract<Next, { kind: 'next' }>
    const [action] = may.filter(({ action: kind }) => kind === 'run' || kind === 'approve')
    if (!action || action.id === options.before) return { steps, stoppedAt: null, why: 'nothing is left' }
    const { id } = action
    const begun = Date.now()
    const done =
      action.action === 'approve'
        ? await verb(
            'approve',
            id,
            '--by',
            people[steps.filter(([step]) => step === id).length] ?? 'cy',
            '--reason',
            'test',
          )
        : await verb('run', '--only', id, '--execute', '--json', ...(steps.length === 0 ? parameters : []))
    steps.push([id, done.code])
    say(`${action.action} ${id}: exit ${done.code}, ${((Date.now() - begun) / 1000).toFixed(1)} s`)
    if (done.code !== 0) return { steps, stoppedAt: id, why: done.out.trim().split('\n').at(-1) ?? '' }
  }
  throw new Error(`the agent did not come to an end in ${ROUNDS_MAX} rounds`)
}
