// The gateway as one would write it at first, for ON: the same tables, quota rules and durability as Baton's, one
// transaction before and one after each message, one call to the service a message. Only to be measured against.
import { createHash, randomInt } from 'node:crypto'
import Fastify from 'fastify'
import pg from 'pg'
import { Pool } from 'undici'
import { uuidv7 } from 'uuidv7'
import { inTransaction, naiveSetting } from './naive-shared.ts'

interface Entered {
  readonly requestId: string
  readonly messageUuid: string
  readonly epoch: number
}

const SERVICE_TIMEOUT_MS = 500
const owner = randomInt(1, 2 ** 31 - 1)
const database = new pg.Pool({ connectionString: naiveSetting('DATABASE_URL'), max: 20 })
const service = new Pool(naiveSetting('BATON_SERVICE_URL'), { connections: 256 })

async function tenantOf(authorization: string | undefined): Promise<string> {
  const hash = createHash('sha256')
    .update(authorization?.slice('Bearer '.length) ?? '')
    .digest()
  const { rows } = await database.query<{ tenant: string }>({
    name: 'key',
    text: 'select tenant from legacy.api_keys where key_sha256 = $1 and revoked_at is null',
    values: [hash],
  })
  if (!rows[0]) throw new Error('the key is not known')
  return rows[0].tenant
}

/** The intent and the quota. The account is locked as late as can be. */
async function enter(tenant: string, recipient: string, body: string): Promise<Entered> {
  const [requestId, messageUuid] = [uuidv7(), uuidv7()]
  return inTransaction(database, async (client) => {
    const { rows } = await client.query<{ mode: string; epoch: number }>({
      name: 'mode',
      text: 'select mode, epoch::integer from legacy.mode_changes where scope = $1 order by epoch desc limit 1',
      values: [tenant],
    })
    const [setting] = rows
    if (setting?.mode !== 'ON') throw new Error(`mode: the naive form knows only ON: ${setting?.mode}`)
    await client.query({
      name: 'enter',
      text: `insert into legacy.requests (request_id, tenant, content_sha256, mode, ramp_percent, epoch, body,
          message_uuids, recipients, mentions, owner)
        values ($1, $2, $3, 'ON', 100, $4, $5, array[$6::uuid], array[$7], array[1], $8)`,
      values: [
        requestId,
        tenant,
        createHash('sha256').update(recipient).update(body).digest(),
        setting.epoch,
        body,
        messageUuid,
        recipient,
        owner,
      ],
    })
    const reserved = await client.query({
      name: 'reserve',
      text: `update legacy.quota_accounts set reserved = reserved + 1
        where tenant = $1 and used + reserved < quota_limit`,
      values: [tenant],
    })
    if (reserved.rowCount === 0) throw new Error('no quota')
    return { requestId, messageUuid, epoch: setting.epoch }
  })
}

async function askService({ messageUuid }: Entered, recipient: string, body: string): Promise<string> {
  const answer = await service.request({
    method: 'POST',
    path: '/v1/messages',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ dry_run: false, messages: [{ message_uuid: messageUuid, to: recipient, body }] }),
    signal: AbortSignal.timeout(SERVICE_TIMEOUT_MS),
  })
  const { results } = (await answer.body.json()) as { results: { status: string }[] }
  return results[0]?.status ?? 'no verdict'
}

async function record(tenant: string, recipient: string, entered: Entered, status: string): Promise<void> {
  await inTransaction(database, async (client) => {
    await client.query({
      name: 'sms-log',
      text: `insert into legacy.sms_logs (message_uuid, source, status, request_id, tenant, recipient, mode, epoch)
        values ($1, 'go', $2, $3, $4, $5, 'ON', $6)`,
      values: [entered.messageUuid, status, entered.requestId, tenant, recipient, entered.epoch],
    })
    await client.query({
      name: 'settlement',
      text: 'insert into legacy.quota_settlements (message_uuid, tenant, charged) values ($1, $2, true)',
      values: [entered.messageUuid, tenant],
    })
    await client.query({
      name: 'answered',
      text: 'update legacy.requests set answered_at = now() where request_id = $1',
      values: [entered.requestId],
    })
    await client.query({
      name: 'charge',
      text: 'update legacy.quota_accounts set reserved = reserved - 1, used = used + 1 where tenant = $1',
      values: [tenant],
    })
  })
}

async function sendOne(tenant: string, recipient: string, body: string) {
  const entered = await enter(tenant, recipient, body)
  const status = await askService(entered, recipient, body)
  await record(tenant, recipient, entered, status)
  return { message_uuid: entered.messageUuid, to: recipient, source: 'go', status, fallback: null }
}

const server = Fastify({ bodyLimit: 1024 * 1024, forceCloseConnections: true })
server.get('/healthz', async () => ({ status: 'ok' }))
server.post('/v1/sms', async (request, reply) => {
  const { to, body } = request.body as { to: string | string[]; body: string }
  const tenant = await tenantOf(request.headers.authorization)
  const messages = []
  for (const recipient of Array.isArray(to) ? to : [to]) messages.push(await sendOne(tenant, recipient, body))
  return reply.code(202).send({ request_id: uuidv7(), mode: 'ON', messages })
})
await server.listen({ host: '127.0.0.1', port: Number(naiveSetting('BATON_GATEWAY_PORT')) })

async function stop(): Promise<void> {
  await server.close()
  process.exit(0)
}
process.once('SIGTERM', () => void stop())
process.once('disconnect', () => void stop())
