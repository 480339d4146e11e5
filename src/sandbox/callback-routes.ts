import { Type } from 'typebox'
import { problem, type Server } from '../http/server.ts'
import { ACCOUNTS } from './accounts.ts'
import type { Callbacks } from './callbacks.ts'

const Url = Type.Union([Type.String({ pattern: '^https?://[^/]+(/|$)', maxLength: 2_000 }), Type.Null()])
const Urls = Type.Object(
  { legacy: Type.Optional(Url), service: Type.Optional(Url) },
  { additionalProperties: false },
)
const Reply = Type.Object(
  {
    account: Type.Enum([...ACCOUNTS]),
    from: Type.String({ pattern: String.raw`^\+[1-9][0-9]{6,14}$` }),
    /** The sender that is replied to; null where the text had none. */
    to: Type.Union([Type.String({ minLength: 1, maxLength: 32 }), Type.Null()]),
    body: Type.String({ minLength: 1, maxLength: 1_000 }),
  },
  { additionalProperties: false },
)

/** PUT /callbacks: where the accounts are called back, the whole setting. POST /replies: a reader writes back. */
export function addCallbackRoutes(app: Server, callbacks: Callbacks): void {
  app.get('/callbacks', async () => callbacks.urls())
  app.put('/callbacks', { schema: { body: Urls } }, async ({ body }) => {
    callbacks.setUrls(body)
    return callbacks.urls()
  })
  app.post('/replies', { schema: { body: Reply } }, async ({ body: { account, ...text } }, reply) => {
    if (callbacks.urls()[account] === null) {
      throw problem(404, 'not_found', `replies: nobody takes them for the account: ${account}`)
    }
    if (!(await callbacks.reply(account, text))) {
      throw problem(503, 'not_taken', `replies: not taken by the account: ${account}`)
    }
    return reply.code(202).send({})
  })
}
