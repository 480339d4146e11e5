import type { Logger } from 'pino'
import { faultsInForce, FaultsInForceSchema, FaultsSchema, type FaultSetting } from './faults.ts'
import type { Server } from '../http/server.ts'

export function addFaultRoutes(app: Server, setting: FaultSetting, log: Logger): void {
  const response = { 200: FaultsInForceSchema }
  app.get('/faults', { schema: { response } }, async () => setting.current)
  app.put('/faults', { schema: { body: FaultsSchema, response } }, (request, reply) => {
    setting.current = faultsInForce(request.body)
    log.info({ faults: setting.current }, 'faults set')
    void reply.send(setting.current)
  })
}
