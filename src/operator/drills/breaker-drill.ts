import { findGate } from '../gates.ts'
import type { Drill } from './drill.ts'
import type { TimedMessage } from './drill-site.ts'
import { gateOf } from './gate-of.ts'
import { isByService, isSentByLegacy, sendUntilAccepted, slowestMs } from './phases.ts'

const UNTIL_OPEN_MAX = 60
const WHILE_OPEN = 3
const CLOSES_WITHIN_MS = 60_000

/** The service answers nothing until the breaker opens: the legacy side sends, at once; then the service is back. */
export const breakerDrill: Drill = {
  name: 'breaker',
  gate: gateOf(findGate('breaker-drill')),
  needsFaults: true,
  async run(site) {
    site.context.say('the service answers nothing')
    await site.setFaults({ blackhole: true })
    const untilOpen: TimedMessage[] = []
    const isOpen = async (): Promise<boolean> => (await site.breaker()) !== 'closed'
    let opened = false
    while (!opened && untilOpen.length < UNTIL_OPEN_MAX) {
      untilOpen.push(...(await site.send(1)))
      opened = await isOpen()
      // The proxy ends its faults by itself: a breaker that opens late is waited for all the same.
      if (!opened) await site.setFaults({ blackhole: true })
    }
    const whileOpen = opened ? await site.send(WHILE_OPEN) : []
    site.context.say('the service is back')
    await site.clearFaults()
    const closed = await site.until(async () => !(await isOpen()), CLOSES_WITHIN_MS)
    const recovered = await sendUntilAccepted(site)
    const fellBack = whileOpen.filter((one) => isSentByLegacy(one) && one.fallback === 'breaker_open')
    return {
      messages: [...untilOpen, ...whileOpen, ...recovered],
      counts: {
        until_open: untilOpen.length,
        opened: opened ? 1 : 0,
        fell_back_open: fellBack.length,
        open_slowest_ms: slowestMs(whileOpen),
        closed_again: closed ? 1 : 0,
        recovered: recovered.filter(isByService).length,
      },
    }
  },
}
