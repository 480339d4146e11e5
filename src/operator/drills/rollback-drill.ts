import { handBackMessages } from '../../gateway/hand-back.ts'
import { findGate } from '../gates.ts'
import { DRILL_TENANT, type Drill } from './drill.ts'
import { gateOf } from './gate-of.ts'
import { isByService, isSentByLegacy } from './phases.ts'

const BEFORE = 8
const AFTER = 5

/** ON, then OFF with acknowledgement and hand-back: from then on the legacy side sends, and each message is sent once. */
export const rollbackDrill: Drill = {
  name: 'rollback',
  gate: gateOf(findGate('rollback-drill')),
  needsFaults: false,
  async run(site) {
    const { legacy, messaging, say } = site.context
    const before = await site.send(BEFORE)
    say('ON is switched off')
    const beganMs = performance.now()
    await site.setMode('OFF')
    const acknowledgedMs = performance.now() - beganMs
    const { handed_back, kept_by_service } = await handBackMessages({
      legacy,
      messaging,
      tenant: DRILL_TENANT,
      limit: null,
      execute: true,
      reason: 'rollback drill',
    })
    const after = await site.send(AFTER)
    return {
      messages: [...before, ...after],
      counts: {
        before_by_service: before.filter(isByService).length,
        acknowledged_after_ms: Math.round(acknowledgedMs),
        handed_back,
        kept_by_service,
        sent_by_legacy: after.filter(isSentByLegacy).length,
        sent_by_service: after.filter(({ source }) => source === 'go').length,
      },
    }
  },
}
