// The messaging service as one would write it at first: the same tables, rules and guarantees as Baton's, one
// transaction a message, no batching anywhere. Only to be measured against.
import { randomUUID } from 'node:crypto'
import Fastify from 'fastify'
import pg from 'pg'
import { Pool } from 'undici'
import { inTransaction, naiveSetting } from './naive-shared.ts'

interface Message {
  readonly message_uuid: string
  readonly to: string
  readonly body: string
  readonly from?: string
}

const database = new pg.Pool({ connectionString: naiveSetting('DATABASE_URL'), max: 20 })
const carrier = new Pool(naiveSetting('BATON_SANDBOX_URL'), { connections: 32 })

async function accept({ message_uuid, to, body, from }: Message): Promise<string> {
  return inTransaction(database, async (client) => {
    const claim = await client.query({
      name: 'claim',
      text: `insert into messaging.execution_authority (message_uuid, state, holder, attempt_token)
        values ($1, 'claimed', 'go', $2) on conflict (message_uuid) do nothing`,
      values: [message_uuid, randomUUID()],
    })
    if (claim.rowCount === 0) return 'duplicate'
    await client.query({
      name: 'log',
      text: `insert into messaging.go_sms_logs (message_uuid, dry_run, recipient, sender, body, status)
        values ($1, false, $2, $3, $4, 'accepted')`,
      values: [message_uuid, to, from ?? null, body],
    })
    return 'accepted'
  })
}

async function dispatchOne(): Promise<boolean> {
  const token = randomUUID()
  const { rows } = await database.query<{ message_uuid: string; recipient: string; body: string }>({
    name: 'dispatch',
    text: `with picked as (
        select message_uuid from messaging.execution_authority
        where holder = 'go' and state = 'claimed' and not_before <= now()
        order by message_uuid limit 1 for update skip locked
      ), dispatched as (
        update messaging.execution_authority a
        set state = 'dispatched', attempt_token = $1, attempts = a.attempts + 1, provider = 'naive', dispatched_at = now()
        from picked where a.message_uuid = picked.message_uuid and a.state = 'claimed'
        returning a.message_uuid
      )
      select message_uuid, recipient, body from dispatched join messaging.go_sms_logs using (message_uuid)
      where not dry_run`,
    values: [token],
  })
  const [message] = rows
  if (!message) return false
  const answer = await carrier.request({
    method: 'POST',
    path: '/accounts/service/messages',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ to: message.recipient, body: message.body, reference: message.message_uuid }),
  })
  const { id } = (await answer.body.json()) as { id: string }
  await inTransaction(database, async (client) => {
    await client.query({
      name: 'settle',
      text: `update messaging.execution_authority set state = 'sent', provider_message_id = $3, settled_at = now()
        where message_uuid = $1 and attempt_token = $2 and holder = 'go' and state = 'dispatched'`,
      values: [message.message_uuid, token, id],
    })
    await client.query({
      name: 'log-sent',
      text: `update messaging.go_sms_logs set status = 'sent', provider = 'naive', provider_message_id = $2,
        updated_at = now() where message_uuid = $1 and not dry_run`,
      values: [message.message_uuid, id],
    })
  })
  return true
}

let stopping = false
const idle = new Set<() => void>()

/** A worker without work looks again after a second, or when a message was accepted. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer)
      idle.delete(wake)
      resolve()
    }
    const timer = setTimeout(wake, 1_000)
    idle.add(wake)
  })
}

function wakeOne(): void {
  for (const wake of idle) return wake()
}

async function dispatchForever(): Promise<void> {
  while (!stopping) {
    const hadWork = await dispatchOne().catch((error: unknown) => {
      console.error('naive service:', error)
      return false
    })
    if (!hadWork) await pause()
  }
}

const server = Fastify({ bodyLimit: 8 * 1024 * 1024, forceCloseConnections: true })
server.get('/healthz', async () => ({ status: 'ok' }))
server.post('/v1/messages', async ({ body }) => {
  const results = []
  for (const message of (body as { messages: Message[] }).messages)
    results.push({ message_uuid: message.message_uuid, status: await accept(message) })
  wakeOne()
  return { results }
})
await server.listen({ host: '127.0.0.1', port: Number(naiveSetting('BATON_SERVICE_PORT')) })
const workers = Array.from({ length: Number(naiveSetting('BATON_DISPATCH_IN_FLIGHT_MAX')) }, dispatchForever)

async function stop(): Promise<void> {
  stopping = true
  await Promise.all([server.close(), ...workers])
  process.exit(0)
}
process.once('SIGTERM', () => void stop())
process.once('disconnect', () => void stop())
