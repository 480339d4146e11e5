// Quint as the generator of traces: installed on demand under .baton/, where its packages are nobody's to check.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readTrace, type Trace } from './replay/trace.ts'

const root = join(import.meta.dirname, '..')
const home = join(root, '.baton', 'spec')
const program = join(home, 'node_modules', '@informalsystems', 'quint', 'dist', 'src', 'cli.js')
const specification = join(root, 'spec', 'ledger.qnt')

const STEPS_MAX = 30
/** Quint holds all traces of a run in memory. */
const TRACES_A_RUN_MAX = 250
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024
const RUN_TIMEOUT_MS = 300_000

export type Quint = { readonly kind: 'ready' } | { readonly kind: 'absent'; readonly reason: string }

/** Installs the pinned version unless it is there. */
export function prepareQuint(): Quint {
  if (existsSync(program) && isCurrent()) return { kind: 'ready' }
  mkdirSync(home, { recursive: true })
  for (const file of ['package.json', 'package-lock.json'])
    copyFileSync(join(root, 'spec', file), join(home, file))
  const { status, stderr, error } = spawnSync(
    'npm',
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', home],
    { encoding: 'utf8', shell: process.platform === 'win32' },
  )
  if (status === 0 && existsSync(program)) return { kind: 'ready' }
  return { kind: 'absent', reason: `npm ci of spec/package.json failed: ${error?.message ?? stderr.trim()}` }
}

function isCurrent(): boolean {
  const lock = (folder: string) => readFileSync(join(folder, 'package-lock.json'), 'utf8')
  return lock(home) === lock(join(root, 'spec'))
}

/** Runs the tests that stand in the specification; throws when one fails. Returns how many there are. */
export function testSpecification(): number {
  const output = quint(['test', specification, '--backend', 'typescript'])
  const passed = Number(/(\d+) passing/.exec(output)?.[1] ?? 0)
  if (passed === 0) throw new Error(`quint test: no test has passed: ${output}`)
  return passed
}

export interface GeneratedTrace {
  readonly name: string
  /** In the Informal Trace Format. */
  readonly text: string
}

/** The same traces for the same seed. Every state on the way is held to the specification's invariants. */
export function generateTraces(count: number, seed: number): GeneratedTrace[] {
  const traces: GeneratedTrace[] = []
  for (let run = 0; traces.length < count; run++) {
    const wanted = Math.min(TRACES_A_RUN_MAX, count - traces.length)
    const made = generateRun(wanted, seed + run)
    if (made.length !== wanted) throw new Error(`quint run: made ${made.length} traces, not ${wanted}`)
    traces.push(...made)
  }
  return traces
}

export const readTraces = (generated: readonly GeneratedTrace[]): Trace[] =>
  generated.map(({ name, text }) => readTrace(name, text))

function generateRun(count: number, seed: number): GeneratedTrace[] {
  const folder = mkdtempSync(join(tmpdir(), 'baton-traces-'))
  try {
    quint([
      'run',
      specification,
      ...flags({
        backend: 'typescript',
        verbosity: 1,
        'out-itf': join(folder, '{seq}.itf.json'),
        seed,
        'n-traces': count,
        'max-samples': count,
        'max-steps': STEPS_MAX,
      }),
      '--mbt',
      '--invariants',
      'shape',
      'oneAttempt',
      'known',
    ])
    return readdirSync(folder)
      .toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
      .map((file, n) => ({
        name: `seed ${seed}, trace ${n}`,
        text: readFileSync(join(folder, file), 'utf8'),
      }))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const flags = (values: Readonly<Record<string, string | number>>): string[] =>
  Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)])

function quint(args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    timeout: RUN_TIMEOUT_MS,
    maxBuffer: OUTPUT_BYTES_MAX,
  })
  if (status === 0) return stdout
  throw new Error(`quint ${args[0]}: failed: ${error?.message ?? (stdout + stderr).trim()}`)
}
