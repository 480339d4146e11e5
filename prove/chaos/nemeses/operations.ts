// What people and carriers do: modes that change under way, carriers that misbehave, hand-backs.
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
      await pause(own.between(200, 700), signal)
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
