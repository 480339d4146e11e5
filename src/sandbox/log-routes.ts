import { Readable } from 'node:stream'
import { Type, type Static } from 'typebox'
import { ACCOUNTS } from './accounts.ts'
import type { CarrierEntry } from './carrier-entry.ts'
import type { CarrierLog, LogQuery } from './carrier-log.ts'
import type { Server } from '../http/server.ts'

const LogQuerySchema = Type.Object(
  {
    account: Type.Optional(Type.Enum([...ACCOUNTS])),
    reference: Type.Optional(Type.String({ minLength: 1 })),
    since: Type.Optional(Type.String({ format: 'date-time' })),
    limit: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,8}$' })),
  },
  { additionalProperties: false },
)

/** GET /log: the carrier's own evidence, straight from the disk. */
export function addLogRoutes(app: Server, log: CarrierLog): void {
  app.get('/log', { schema: { querystring: LogQuerySchema } }, async (request, reply) =>
    reply
      .type('application/json')
      .send(Readable.from(jsonArray(log.read(queryOf(request.query))), { highWaterMark: 1 })),
  )
}

function queryOf({ account, reference, since, limit }: Static<typeof LogQuerySchema>): LogQuery {
  return {
    ...(account !== undefined && { account }),
    ...(reference !== undefined && { reference }),
    ...(since !== undefined && { since: new Date(since).toISOString() }),
    ...(limit !== undefined && { limit: Number(limit) }),
  }
}

async function* jsonArray(blocks: AsyncIterable<CarrierEntry[]>): AsyncGenerator<string> {
  let separator = '['
  for await (const entries of blocks) {
    yield separator + entries.map(toLogRow).join(',\n')
    separator = ',\n'
  }
  yield separator === '[' ? '[]' : ']'
}

/** The public row; the sender's name is for the phone page. */
function toLogRow({ at, account, to, body, reference, provider_message_id }: CarrierEntry): string {
  return JSON.stringify({ at, account, to, body, reference, provider_message_id })
}
