import { Type } from 'typebox'
import { Resolution } from '../contract/resolution.ts'
import { E164, Sender, Uuid } from '../contract/text.ts'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { problem, type Server } from '../http/server.ts'
import type { Authenticate } from './authenticate.ts'
import type { InDoubt } from './in-doubt.ts'

const optOut = statement<{ recipient: string }>(import.meta.url, './sql/opt-out.sql')
const optIn = statement<{ recipient: string }>(import.meta.url, './sql/opt-in.sql')

const Params = Type.Object({ message_uuid: Uuid })
const OptOut = Type.Object(
  {
    recipient: E164,
    /** Absent: from every sender. */
    sender: Type.Optional(Sender),
    reason: Type.String({ minLength: 1, maxLength: 500, format: 'storable-text' }),
    /** `false` takes the opt-out back. */
    stopped: Type.Boolean(),
  },
  { additionalProperties: false },
)

/** `/operator/in-doubt` and `/operator/opt-outs`: for keys that may operate. */
export function addInDoubtRoutes(
  server: Server,
  authenticate: Authenticate,
  inDoubt: InDoubt,
  ledgerDatabase: Database,
): void {
  server.get('/operator/in-doubt', async ({ headers }) => {
    await authenticate(headers.authorization, 'operate')
    return { messages: await inDoubt.list().catch(away) }
  })

  server.get(
    '/operator/in-doubt/:message_uuid',
    { schema: { params: Params } },
    async ({ headers, params: { message_uuid } }) => {
      await authenticate(headers.authorization, 'operate')
      return inDoubt.show(message_uuid)
    },
  )

  server.post(
    '/operator/in-doubt/:message_uuid/resolution',
    { schema: { params: Params, body: Resolution } },
    async ({ headers, params: { message_uuid }, body, log }) => {
      const { label } = await authenticate(headers.authorization, 'operate')
      const resolved = await inDoubt.resolve(message_uuid, body, label)
      log.warn({ ...resolved, actor: label }, 'in doubt: decided by a person')
      return resolved
    },
  )

  server.put('/operator/opt-outs', { schema: { body: OptOut } }, async ({ headers, body, log }) => {
    const { label } = await authenticate(headers.authorization, 'operate')
    const { recipient, sender = '', reason, stopped } = body
    if (stopped) await ledgerDatabase.run(optOut, [recipient, sender, reason, label]).catch(away)
    else await ledgerDatabase.run(optIn, [recipient, sender]).catch(away)
    log.warn({ stopped, actor: label, reason }, 'opt-out changed')
    return { stopped }
  })
}

function away(cause: unknown): never {
  throw problem(503, 'database_away', 'operator: the database cannot be asked; look again', { cause })
}
