import { findGate } from '../gates.ts'
import type { Drill } from './drill.ts'
import { gateOf } from './gate-of.ts'
import { isByService, isSentByLegacy, sendUntilAccepted, slowestMs } from './phases.ts'

const MESSAGES = 3

/** Connections to the service are refused: the legacy side sends. Then they are taken again. */
export const serviceDownDrill: Drill = {
  name: 'service-down',
  gate: gateOf(findGate('service-down-drill')),
  needsFaults: true,
  async run(site) {
    site.context.say('connections to the service are refused')
    await site.setFaults({ refuse: true })
    const down = await site.send(MESSAGES)
    await site.clearFaults()
    site.context.say('connections are taken again')
    const recovered = await sendUntilAccepted(site)
    const byLegacy = down.filter((one) => isSentByLegacy(one) && one.fallback !== null)
    return {
      messages: [...down, ...recovered],
      counts: {
        sent_by_legacy: byLegacy.length,
        not_sent_by_legacy: down.length - byLegacy.length,
        down_slowest_ms: slowestMs(down),
        recovered: recovered.filter(isByService).length,
      },
    }
  },
}
