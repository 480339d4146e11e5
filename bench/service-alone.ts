import type { Benchmark } from './benchmark.ts'
import { compareForms, type Form } from './compare-forms.ts'
import { startSystem, type System } from './system.ts'

const CALLERS = 64
const BULK = 100
const BULK_CALLERS = 16

/** Acceptance by the messaging service, called directly. */
export const serviceAlone: Benchmark = {
  about: 'the messaging service alone: acceptance, single and bulk, against the naive form',
  async run(bench) {
    const stage = await bench.stage()
    const baton = await startSystem(stage, { name: 'service', form: 'baton', tenants: {} })
    const naive = await startSystem(stage, { name: 'service_naive', form: 'naive', tenants: {} })
    bench.print(`
Messaging service alone, ${CALLERS} callers of one message each and ${BULK_CALLERS} callers of ${BULK}. A message counts when
its caller has the verdict: the claim and the go_sms_logs row are then durable; sending goes on meanwhile.`)
    await compareForms(bench, [
      form('single', baton, 1, 'naive single'),
      form('naive single', naive, 1, null),
      form('bulk', baton, BULK, 'naive bulk'),
      form('naive bulk', naive, BULK, null),
    ])
  },
}

function form(label: string, system: System, messagesPerRequest: number, against: string | null): Form {
  const target = { label, api: 'service', url: system.service.url, messagesPerRequest } as const
  return {
    label,
    system,
    against,
    untilSent: messagesPerRequest === 1, // the rest of a bulk round is minutes of sending
    order: { targets: [target], callers: messagesPerRequest === 1 ? CALLERS : BULK_CALLERS },
  }
}
