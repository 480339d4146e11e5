import { handBackMessages } from '../../gateway/hand-back.ts'
import { readNowMs } from '../../reconcile/clock.ts'
import { findGate } from '../gates.ts'
import { DRILL_TENANT, type Drill } from './drill.ts'
import { gateOf } from './gate-of.ts'
import { isByService, isSentByLegacy } from './phases.ts'

const BEFORE = 8
/** Accepted, and not yet due when ON is switched off: there is something to hand back. */
const SCHEDULED = 3
const SCHEDULED_AHEAD_MS = 15_000
const AFTER = 5

/** ON, then OFF with acknowledgement and hand-back: from then on the legacy side sends, and each message is sent once. */
export const rollbackDrill: Drill = {
  name: 'rollback',
  gate: gateOf(findGate('rollback-drill')),
  needsFaults: false,
  async run(site) {
    const { legacy, messaging, say } = site.context
    const before = await site.send(BEFORE)
    const dueMs = (await readNowMs(legacy)) + SCHEDULED_AHEAD_MS
    const scheduled = await site.send(SCHEDULED, new Date(dueMs).toISOString())
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
      messages: [...before, ...scheduled, ...after],
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
