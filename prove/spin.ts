// The Spin model checker on spec/ledger.pml, built in a temporary folder.
import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brokenPromise } from './planted-bugs.ts'

const run = promisify(execFile)
const model = join(import.meta.dirname, '..', 'spec', 'ledger.pml')

export interface Configuration {
  readonly name: string
  readonly legacyWorkers: number
  readonly serviceWorkers: number
  readonly flips: number
  readonly needs: 'safety' | 'restore' | 'liveness'
  /** 0: as it is meant. */
  readonly bug: number
  /** Worth its time above a million states. */
  readonly isOptimised: boolean
}

export interface Checked {
  readonly configuration: Configuration
  readonly states: number
  readonly transitions: number
  /** In words; null: every promise holds in every state. */
  readonly broken: string | null
  readonly seconds: number
  readonly memoryMb: number
}

const MEMORY_MAX_MB = 3_000
const DEPTH_MAX = 1_000_000
const TIMEOUT_MS = 900_000
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024
const ATTEMPTS = 2

/** Null when the model can be checked here; else what is missing. */
export function spinMissing(): string | null {
  const missing = ['spin', 'cc'].filter((name) => spawnSync(name, ['-V'], { stdio: 'ignore' }).error)
  return missing.length === 0
    ? null
    : `no ${missing.join(' and no ')} here: install the packages spin and gcc`
}

/** Builds the configuration and explores all of it, or up to the first broken promise. */
export async function check(configuration: Configuration, signal?: AbortSignal): Promise<Checked> {
  const { name, needs, isOptimised } = configuration
  const folder = await mkdtemp(join(tmpdir(), 'baton-spin-'))
  const options = {
    cwd: folder,
    timeout: TIMEOUT_MS,
    maxBuffer: OUTPUT_BYTES_MAX,
    ...(signal ? { signal } : {}),
  }
  try {
    await run('spin', [...defines(configuration), '-a', model], options)
    const kind = needs === 'liveness' ? ['-DNFAIR=3'] : ['-DSAFETY']
    const compiled = ['-DCOLLAPSE', '-DNOREDUCE', `-DMEMLIM=${MEMORY_MAX_MB}`, '-w', '-o', 'pan', 'pan.c']
    await run('cc', [isOptimised ? '-O2' : '-O0', ...kind, ...compiled], options)
    const fair = needs === 'liveness' ? ['-a', '-f'] : []
    const { stdout } = await run(join(folder, 'pan'), [...fair, `-m${DEPTH_MAX}`, '-w22'], options)
    return read(configuration, stdout)
  } catch (error) {
    throw new Error(`spin: cannot check ${name}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function defines({ legacyWorkers, serviceWorkers, flips, needs, bug }: Configuration): string[] {
  return [
    `-DLEGACY_WORKERS=${legacyWorkers}`,
    `-DSERVICE_WORKERS=${serviceWorkers}`,
    `-DATTEMPTS=${ATTEMPTS}`,
    `-DFLIPS=${flips}`,
    `-DBUG=${bug}`,
    ...(needs === 'restore' ? ['-DRESTORE'] : []),
    ...(needs === 'liveness' ? ['-DLIVE'] : []),
  ]
}

function read(configuration: Configuration, output: string): Checked {
  const broken = brokenPromise(output)
  // A search that ran out of memory or depth has not seen every state.
  const isCut = /Search not completed|max search depth too small|out of memory/i.test(output)
  if (isCut && broken === null) throw new Error(`spin: ${configuration.name}: the search was cut: ${output}`)
  const figure = (pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? Number.NaN)
  const states = figure(/([\d.e+]+) states, stored/)
  if (Number.isNaN(states))
    throw new Error(`spin: ${configuration.name}: no figures in the output: ${output}`)
  return {
    configuration,
    states,
    transitions: figure(/([\d.e+]+) transitions/),
    broken,
    seconds: figure(/elapsed time ([\d.e+-]+) seconds/),
    memoryMb: figure(/([\d.]+)\s+total actual memory usage/),
  }
}
