import { Type } from 'typebox'
import { CountersSchema, type Counters } from './counters.ts'
import { FaultSettingSchema, type FaultSetting } from './fault-setting.ts'
import { problem, type Server } from '../http/server.ts'

const ReportSchema = Type.Object({ ...FaultSettingSchema.properties, counters: CountersSchema })

/** What came of a new setting. */
export type Applied =
  | { readonly kind: 'applied'; readonly setting: FaultSetting }
  | { readonly kind: 'port_taken'; readonly detail: string }

interface Control {
  readonly apply: (setting: FaultSetting) => Promise<Applied>
  readonly setting: () => FaultSetting
  readonly counters: Counters
}

export function addControlRoutes(app: Server, { apply, setting, counters }: Control): void {
  app.get('/healthz', async () => ({ status: 'ok' }))
  app.get('/faults', { schema: { response: { 200: ReportSchema } } }, async () => ({
    ...setting(),
    counters,
  }))
  app.route({
    method: 'PUT',
    url: '/faults',
    schema: { body: FaultSettingSchema, response: { 200: FaultSettingSchema } },
    handler: async (request, reply) => {
      const applied = await apply(request.body)
      if (applied.kind === 'port_taken') throw problem(503, 'port_taken', applied.detail)
      return reply.code(200).send(applied.setting)
    },
  })
}
