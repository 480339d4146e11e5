import { randomUUID } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import { Type, type Static } from 'typebox'
import { ACCOUNTS, type Account } from './accounts.ts'
import type { CarrierEntry } from './carrier-entry.ts'
import { drawCourse, type FaultSetting } from './faults.ts'
import { problem, type Server } from '../http/server.ts'
import type { Pauses } from './pauses.ts'

const MessageSchema = Type.Object(
  {
    to: Type.String({ pattern: String.raw`^\+[1-9][0-9]{6,14}$` }),
    body: Type.String({ minLength: 1, maxLength: 10_000 }),
    from: Type.Optional(Type.String({ minLength: 1, maxLength: 32 })),
    reference: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  },
  { additionalProperties: false },
)
const AcceptedSchema = Type.Object({ id: Type.String() })

interface MessageRoutes {
  readonly setting: FaultSetting
  readonly pauses: Pauses
  /** Puts the text into the log and tells of it later; once it returns, the text is sent. */
  readonly accept: (entry: CarrierEntry) => void
}

/** A vendor's send call, one path an account. It never dedupes: two calls are two texts. */
export function addMessageRoutes(app: Server, { setting, pauses, accept }: MessageRoutes): void {
  const schema = { body: MessageSchema, response: { 201: AcceptedSchema } }
  for (const account of ACCOUNTS) {
    app.post(`/accounts/${account}/messages`, { schema }, async (request, reply) => {
      const faults = setting.current[account]
      const course = drawCourse(faults, Math.random)
      // A caller who leaves during the wait changes nothing: the vendor has the request.
      if (faults.latency_ms && !(await pauses.wait(faults.latency_ms))) return resetConnection(reply)
      if (course.kind === 'error')
        throw problem(503, 'out_of_order', `the vendor is out of order: ${account}`)
      if (course.kind === 'refuse') return sendRefusal(reply, request.body.to)
      const entry = entryOf(account, request.body)
      accept(entry)
      if (course.answer === 'reset') return resetConnection(reply)
      if (course.answer === 'swallow') return reply.hijack()
      if (course.lateMs > 0 && !(await pauses.wait(course.lateMs))) return resetConnection(reply)
      return reply.code(201).send({ id: entry.provider_message_id })
    })
  }
}

function entryOf(account: Account, message: Static<typeof MessageSchema>): CarrierEntry {
  return {
    at: new Date().toISOString(),
    account,
    to: message.to,
    from: message.from ?? null,
    body: message.body,
    reference: message.reference ?? null,
    provider_message_id: randomUUID(),
  }
}

/** A vendor's own kind of error document, unlike this server's others: callers learn to read both. */
function sendRefusal(reply: FastifyReply, to: string): FastifyReply {
  const message = `the carrier does not deliver to this number: ${to}`
  return reply.code(422).send({ error: { code: 'refused', message } })
}

function resetConnection(reply: FastifyReply): FastifyReply {
  reply.hijack()
  reply.raw.socket?.resetAndDestroy()
  return reply
}
