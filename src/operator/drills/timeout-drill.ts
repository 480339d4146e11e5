import { findGate } from '../gates.ts'
import type { Drill } from './drill.ts'
import { gateOf } from './gate-of.ts'
import { isByService, isSentByLegacy, sendUntilAccepted, slowestMs, uuidsOf } from './phases.ts'

// Few enough in a row that the breaker stays closed.
const MESSAGES = 2
/** Past the gateway's strict 500 ms, in each direction. */
const LATE_MS = 1_500

/**
 * Two things a timeout can mean. The answer was lost: the service has accepted, the ledger says so, nobody sends a
 * second time. The request is late: the legacy side has sent when it arrives, and the service is superseded.
 */
export const timeoutDrill: Drill = {
  name: 'timeout',
  gate: gateOf(findGate('fallback-drill')),
  needsFaults: true,
  async run(site) {
    site.context.say('answers of the service are dropped')
    await site.setFaults({ swallow: true })
    const swallowed = await site.send(MESSAGES)
    await site.clearFaults()
    const between = await sendUntilAccepted(site)
    site.context.say('requests to the service are late')
    await site.setFaults({ delay_ms: LATE_MS })
    const late = await site.send(MESSAGES)
    await site.pause(2 * LATE_MS)
    await site.clearFaults()
    const recovered = await sendUntilAccepted(site)
    const lateOnes = await site.observe(uuidsOf(late))
    return {
      messages: [...swallowed, ...between, ...late, ...recovered],
      counts: {
        swallowed: swallowed.length,
        swallowed_accepted: swallowed.filter(isByService).length,
        swallowed_slowest_ms: slowestMs(swallowed),
        late: late.length,
        late_sent_by_legacy: late.filter((one) => isSentByLegacy(one) && one.fallback === 'timeout').length,
        late_known_to_service: lateOnes.filter((one) => one.known_to_service && one.holder !== 'go').length,
        late_slowest_ms: slowestMs(late),
      },
    }
  },
}
