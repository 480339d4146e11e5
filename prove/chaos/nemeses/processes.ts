// Processes that die, are stopped longer than any timeout, are told to end while they send, and come back: as they
// are, with a clock of their own, or as the version before.
import { globSync } from 'node:fs'
import { LONGER_THAN_ANY_TIMEOUT_MS, programRoles, type Flavour, type Role } from '../chaos-fleet.ts'
import type { Nemesis, Stage } from '../nemesis.ts'
import { previousVersion } from '../previous-version.ts'
import { pause, type Seeded } from '../seeded.ts'

const CLOCK_SKEWS = ['-2h', '+2h', '-90s', '+30d']
const FAKETIME = [
  '/usr/lib/*/faketime/libfaketimeMT.so.1',
  '/usr/lib/faketime/libfaketimeMT.so.1',
  '/usr/lib64/faketime/libfaketimeMT.so.1',
  '/usr/local/lib/faketime/libfaketimeMT.so.1',
]

interface Beginning {
  readonly name: 'as_it_was' | 'skewed_clock' | 'previous_version'
  readonly flavour: Flavour
}

type Beginnings = (seeded: Seeded) => Beginning

async function beginnings({ tally }: Stage): Promise<Beginnings> {
  const [library] = globSync(FAKETIME)
  if (library === undefined) tally.skip('skewed_clock', 'libfaketime is not installed')
  const previous = await previousVersion()
  if (previous.kind === 'none') tally.skip('previous_version', previous.reason)
  return (seeded) => {
    if (library !== undefined && seeded.chance(0.15)) {
      const environment = {
        LD_PRELOAD: library,
        FAKETIME: seeded.pick(CLOCK_SKEWS),
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      }
      return { name: 'skewed_clock', flavour: { environment } }
    }
    if (previous.kind === 'found' && seeded.chance(0.15))
      return { name: 'previous_version', flavour: { root: previous.root } }
    return { name: 'as_it_was', flavour: {} }
  }
}

/** One loop a process, so that any set of them may be down at a time. */
export const processes: Nemesis = {
  name: 'processes',
  async run(stage, signal) {
    const begin = await beginnings(stage)
    await Promise.all(programRoles.map((role) => strikeAgain(stage, role, signal, begin)))
  },
}

/** The carrier and the network before the first service. */
export const surroundings: Nemesis = {
  name: 'surroundings',
  async run({ fleet, tally, seeded }, signal) {
    const own = seeded.branch('surroundings')
    while (!signal.aborted) {
      await pause(own.between(8_000, 16_000), signal)
      if (signal.aborted) return
      const role = own.pick(['carrier', 'fault-proxy'] as const)
      await fleet.kill(role)
      tally.count('kill')
      tally.count(`kill ${role}`)
      await fleet.start(role, signal)
    }
  },
}

async function strikeAgain(stage: Stage, role: Role, signal: AbortSignal, begin: Beginnings): Promise<void> {
  const { fleet, tally } = stage
  const own = stage.seeded.branch(role)
  let startMs = 0
  while (!signal.aborted) {
    // On a busy machine a start takes long: what is killed as soon as it is up never gets to work.
    await pause(startMs / 2 + own.between(300, 2_500), signal)
    if (signal.aborted) return
    const how = own.random()
    if (how < 0.04) {
      await freeze(stage, role, signal)
      continue
    }
    await (how < 0.88 ? kill(stage, role) : terminate(stage, role, own.chance(0.5)))
    const { name, flavour } = begin(own)
    const from = performance.now()
    await fleet.start(role, signal, flavour)
    startMs = performance.now() - from
    if (name !== 'as_it_was') tally.count(name)
  }
}

async function kill({ fleet, tally, requestsInFlight }: Stage, role: Role): Promise<void> {
  if (requestsInFlight() > 0) tally.count('kill in flight')
  await fleet.kill(role)
  tally.count('kill')
  tally.count(`kill ${role}`)
}

/** Stopped, then awake again, with everything it held grown stale. */
async function freeze({ fleet, tally }: Stage, role: Role, signal: AbortSignal): Promise<void> {
  const program = fleet.program(role)
  program?.signal('SIGSTOP')
  await pause(LONGER_THAN_ANY_TIMEOUT_MS, signal)
  program?.signal('SIGCONT')
  tally.count('freeze')
}

/** Told to end while it sends; told again before it has. */
async function terminate({ fleet, tally }: Stage, role: Role, twice: boolean): Promise<void> {
  const program = fleet.program(role)
  if (twice) {
    setTimeout(() => program?.signal('SIGTERM'), 20)
    tally.count('second SIGTERM')
  }
  await fleet.kill(role, 'SIGTERM')
  tally.count('SIGTERM')
}
