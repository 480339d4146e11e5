// What people and carriers do: modes that change under way, carriers that misbehave, hand-backs.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import type { Nemesis } from '../nemesis.ts'
import { pause } from '../seeded.ts'

export const flips: Nemesis = {
  name: 'mode flips',
  async run({ fleet, tally, seeded, requestsInFlight }, signal) {
    const own = seeded.branch('flips')
    let mode = ''
    while (!signal.aborted) {
      const next = own.pick(['OFF', 'SHADOW', 'ON', 'ON', 'ON'].filter((one) => one !== mode))
      const inFlight = requestsInFlight()
      if (await fleet.mode(next)) {
        mode = next
        tally.count('mode flip')
        if (inFlight > 0) tally.count('mode flip in flight')
      }
      await pause(own.between(150, 500), signal)
    }
    await fleet.mode('ON')
  },
}

const carrierFaults = [
  {},
  {},
  { legacy: { error_share: 0.2 }, service: { error_share: 0.2 } },
  { service: { reset_after_accept: 0.2 }, legacy: { reset_after_accept: 0.1 } },
  { legacy: { swallow: 0.1 }, service: { swallow: 0.1 } },
  { legacy: { refuse: 0.2 }, service: { answer_late_ms: 1_300 } },
  { legacy: { latency_ms: 800 }, service: { latency_ms: 800 } },
  { legacy: { answer_late_ms: 6_000 }, service: { latency_ms: 1_500 } },
]

export const carriers: Nemesis = {
  name: 'carriers',
  async run({ fleet, tally, seeded }, signal) {
    const own = seeded.branch('carriers')
    while (!signal.aborted) {
      const fault = own.pick(carrierFaults)
      if (await fleet.carrierFaults(fault))
        tally.count(`carrier ${Object.keys(fault.service ?? fault.legacy ?? {})[0] ?? 'well'}`)
      await pause(own.between(800, 2_500), signal)
    }
    await fleet.carrierFaults({})
  },
}

const ROOT = join(import.meta.dirname, '..', '..', '..')
const HAND_BACK_BOUND_MS = 20_000

/** The operator takes back what the services have not begun, by the command line, in a process of its own. */
export const handBacks: Nemesis = {
  name: 'hand-backs',
  async run({ fleet, tally, seeded }, signal) {
    const own = seeded.branch('hand-backs')
    while (!signal.aborted) {
      await pause(own.between(8_000, 16_000), signal)
      if (signal.aborted) return
      if (await handBack(fleet.gatewayDatabaseUrl)) tally.count('hand-back')
    }
  },
}

function handBack(databaseUrl: string): Promise<boolean> {
  const words = ['hand-back', '--execute', '--reason', 'chaos', '--json']
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', join(ROOT, 'bin', 'baton.ts'), ...words],
      {
        env: { ...process.env, DATABASE_URL: databaseUrl },
        timeout: HAND_BACK_BOUND_MS,
        killSignal: 'SIGKILL',
      },
      (error) => resolve(error === null),
    )
  })
}
