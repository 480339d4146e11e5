// The network: between gateway and service, and between every program and the database.
import { programRoles } from '../chaos-fleet.ts'
import type { Nemesis } from '../nemesis.ts'
import { pause } from '../seeded.ts'

const callFaults = [
  {},
  { delay_ms: 700 },
  { delay_ms: 450 },
  { swallow: true },
  { reset: true },
  { refuse: true },
  { blackhole: true },
  { delay_ms: 1_500 },
]

export const callNetwork: Nemesis = {
  name: 'network between gateway and service',
  async run({ fleet, tally, seeded }, signal) {
    const own = seeded.branch('calls')
    while (!signal.aborted) {
      const fault = own.pick(callFaults)
      if (await fleet.faults(fault)) tally.count(`call ${Object.keys(fault)[0] ?? 'passes'}`)
      await pause(own.between(700, 2_500), signal)
    }
    await fleet.faults({})
  },
}

/** Silence in one direction or both: bytes are held back and arrive when the network is there again. */
export const databasePartitions: Nemesis = {
  name: 'partitions from the database',
  async run({ fleet, tally, seeded }, signal) {
    const own = seeded.branch('partitions')
    while (!signal.aborted) {
      await pause(own.between(1_500, 5_000), signal)
      const role = own.pick(programRoles)
      const link = fleet.links.get(role)
      if (!link || signal.aborted) break
      const fate = own.pick(['hold_requests', 'hold_answers', 'hold_both', 'refuse', 'cut'] as const)
      tally.count(`database link ${fate}`)
      if (fate === 'cut') link.cut()
      else {
        link.fate = fate
        await pause(own.between(800, 7_500), signal)
        link.fate = 'pass'
      }
    }
    for (const link of fleet.links.values()) link.fate = 'pass'
  },
}

/** Statements that guard a send, by the names they are prepared under. */
const guarded = [
  'authority/accept',
  'authority/claim-legacy',
  'authority/dispatch',
  'authority/settle-go',
  'authority/settle-legacy',
  'authority/give-up',
  'gateway/enter',
  'gateway/record-answer',
]

export const lostCommits: Nemesis = {
  name: 'lost commit answers',
  async run({ fleet, tally, seeded }, signal) {
    const own = seeded.branch('lost commits')
    const before = () => [...fleet.links.values()].reduce((sum, link) => sum + link.lostAnswers, 0)
    let counted = before()
    while (!signal.aborted) {
      await pause(own.between(300, 1_500), signal)
      fleet.links.get(own.pick(programRoles))?.loseAnswerTo([own.pick(guarded)])
      tally.count('commit answer lost', before() - counted)
      counted = before()
    }
    for (const link of fleet.links.values()) link.loseAnswerTo([])
  },
}
