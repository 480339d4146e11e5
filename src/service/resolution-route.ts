import { Type } from 'typebox'
import { resolveInDoubt, type Resolving } from '../authority/resolve.ts'
import { Resolved, ServiceResolution } from '../contract/resolution.ts'
import { Uuid } from '../contract/text.ts'
import type { Database } from '../db/database.ts'
import { problem, type Server } from '../http/server.ts'

/** `POST /v1/in-doubt/{message_uuid}/resolution`: an operator's decision, passed on by the gateway. */
export function addResolutionRoute(server: Server, database: Database, onClaimed: () => void): void {
  server.post(
    '/v1/in-doubt/:message_uuid/resolution',
    {
      schema: {
        params: Type.Object({ message_uuid: Uuid }),
        body: ServiceResolution,
        response: { 200: Resolved },
      },
    },
    async ({ params: { message_uuid }, body }) => {
      const { outcome, send_again = false, provider_message_id = null, reason, actor } = body
      const to: Resolved['state'] = outcome === 'sent' ? 'sent' : send_again ? 'claimed' : 'refused'
      const decision = { to, providerMessageId: provider_message_id, reason, actor }
      const resolving = await resolveInDoubt(database, 'go', message_uuid, decision)
      if (resolving.kind !== 'resolved') throw problemOf(message_uuid, resolving)
      if (to === 'claimed') onClaimed()
      return { message_uuid, state: to }
    },
  )
}

function problemOf(messageUuid: string, resolving: Exclude<Resolving, { kind: 'resolved' }>): Error {
  switch (resolving.kind) {
    case 'not_known':
      return problem(404, 'not_found', `message ${messageUuid}: the service does not hold it`)
    case 'not_in_doubt':
      return problem(409, 'not_in_doubt', `message ${messageUuid}: is not in doubt: ${resolving.state}`)
    case 'being_replayed':
      return problem(
        409,
        'being_replayed',
        `message ${messageUuid}: is being asked about: try again in a minute`,
      )
  }
}
