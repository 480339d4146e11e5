import { Type } from 'typebox'
import { Uuid } from '../contract/text.ts'
import { problem, type Server } from '../http/server.ts'
import type { Authenticate } from './authenticate.ts'
import type { MessageHistory } from './message-history.ts'
import type { GatewayStatus } from './status.ts'

export interface OperatorRoutesOptions {
  readonly authenticate: Authenticate
  readonly readStatus: () => Promise<GatewayStatus>
  readonly history: (messageUuid: string, tenant: string | null) => Promise<MessageHistory | undefined>
}

/** `/operator/*`: for keys that may operate. */
export function addOperatorRoutes(server: Server, options: OperatorRoutesOptions): void {
  const { authenticate, readStatus, history } = options
  const away = (cause: unknown) => {
    throw problem(503, 'database_away', 'operator: the database cannot be asked', {
      cause,
    })
  }

  server.get('/operator/status', async ({ headers }) => {
    await authenticate(headers.authorization, 'operate')
    return readStatus().catch(away)
  })

  server.get(
    '/operator/messages/:message_uuid',
    { schema: { params: Type.Object({ message_uuid: Uuid }) } },
    async ({ headers, params: { message_uuid } }) => {
      await authenticate(headers.authorization, 'operate')
      const found = await history(message_uuid, null)
      if (!found) throw problem(404, 'not_found', `message ${message_uuid}: is not known`)
      return found
    },
  )
}
