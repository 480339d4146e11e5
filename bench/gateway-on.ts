import type { Benchmark } from './benchmark.ts'
import { compareForms, type Form } from './compare-forms.ts'
import { startSystem, type System } from './system.ts'

const TENANT = 'bench-on'
const NAIVE_TENANTS = 64
const CALLERS = 256
const BULK = 100
const BULK_CALLERS = 16

/** The main path in ON, from a caller's POST to its 202. */
export const gatewayOn: Benchmark = {
  about: 'the gateway in ON: single messages and bulk requests, against the naive form',
  async run(bench) {
    const stage = await bench.stage()
    const tenants = { [TENANT]: 'ON' } as const
    const baton = await startSystem(stage, { name: 'baton', form: 'baton', tenants })
    const accepting = await startSystem(stage, {
      name: 'accepting',
      form: 'baton',
      tenants,
      dispatchInFlightMax: 1,
    })
    const many = Array.from({ length: NAIVE_TENANTS }, (_, index) => `${TENANT}-${index}`)
    const naive = await startSystem(stage, {
      name: 'naive',
      form: 'naive',
      tenants: { ...tenants, ...Object.fromEntries(many.map((tenant) => [tenant, 'ON'] as const)) },
    })
    bench.print(`
Gateway in ON, ${CALLERS} callers of one message each and ${BULK_CALLERS} callers of ${BULK}. A message counts when its
caller has its 202: request, acceptance, sms_logs and quota are then durable. "dispatch 1" holds the sending in
the background down to one at a time (BATON_DISPATCH_IN_FLIGHT_MAX=1): what acceptance alone can do; the others
send meanwhile, up to 32 at a time, and "sent/s" says how fast. One tenant, whose quota account every transaction
of the naive form locks; its row with ${NAIVE_TENANTS} tenants is free of that. All tables are emptied before each round.`)
    await compareForms(bench, [
      form('single', baton, 1, 'naive single'),
      form('naive single', naive, 1, null),
      form(`naive single, ${NAIVE_TENANTS} tenants`, naive, 1, 'naive single', many),
      form('bulk', baton, BULK, 'naive bulk'),
      form('naive bulk', naive, BULK, null),
      form('bulk, dispatch 1', accepting, BULK, 'naive bulk'),
    ])
  },
}

function form(
  label: string,
  system: System,
  messagesPerRequest: number,
  against: string | null,
  keys: readonly string[] = [TENANT],
): Form {
  const target = { label, api: 'gateway', url: system.gateway.url, keys, messagesPerRequest } as const
  return {
    label,
    system,
    against,
    untilSent: system.name !== 'accepting',
    order: { targets: [target], callers: messagesPerRequest === 1 ? CALLERS : BULK_CALLERS },
  }
}
