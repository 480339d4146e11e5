// No gateway lives while held messages become due: kill -9, and a start after their time.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { SendResponse } from '../src/contract/gateway-api.ts'
import { testDatabase } from './support/database.ts'
import { reservedNumber } from './support/numbers.ts'
import { freePorts, startProgram } from './support/processes.ts'
import { eventually, SEND_KEY, seedTenant, sql, type CarrierEntry } from './support/system.ts'

const database = await testDatabase()
await seedTenant(database)
const folder = mkdtempSync(join(tmpdir(), 'baton-absence-'))
after(() => rmSync(folder, { recursive: true }))
const [sandboxPort, gatewayPort, nobody] = (await freePorts(3)).map(String)
const url = (port: string | undefined) => `http://127.0.0.1:${port}`
await startProgram(
  'sandbox',
  { BATON_SANDBOX_PORT: sandboxPort ?? '', BATON_SANDBOX_LOG: join(folder, 'carrier.jsonl') },
  `${url(sandboxPort)}/healthz`,
)
const startGateway = () =>
  startProgram(
    'gateway',
    {
      BATON_LOG_LEVEL: 'warn',
      DATABASE_URL: database.gatewayUrl,
      BATON_GATEWAY_PORT: gatewayPort ?? '',
      BATON_SANDBOX_URL: url(sandboxPort),
      BATON_SERVICE_URL: url(nobody),
      // Shorter than the absence: what is held is not thrown away for its age.
      BATON_WANTED_MS: '500',
    },
    `${url(gatewayPort)}/healthz`,
  )

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString()

async function schedule(terms: object): Promise<string> {
  const response = await fetch(`${url(gatewayPort)}/v1/sms`, {
    method: 'POST',
    headers: { authorization: `Bearer ${SEND_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ to: reservedNumber(0), body: 'absent', ...terms }),
  })
  const { messages } = (await response.json()) as SendResponse
  assert.equal(messages[0]?.status, 'scheduled')
  return messages[0]?.message_uuid ?? ''
}

test('what was valid is sent once, late or in time; what was not is void; nothing goes while nobody is there', async () => {
  const first = await startGateway()
  const expiring = await schedule({ send_at: inMs(1_500), valid_until: inMs(2_500) })
  const late = await schedule({ send_at: inMs(1_500) })
  const aheadAt = inMs(7_000)
  const ahead = await schedule({ send_at: aheadAt, valid_until: inMs(600_000) })
  await first.kill()
  const held = () =>
    sql<{ state: string; is_over: boolean }>(
      database,
      `select state, valid_until < now() as is_over from messaging.execution_authority where message_uuid = '${expiring}'`,
    )
  await eventually(held, ([row]) => row?.is_over === true)
  const carrier = async () => (await (await fetch(`${url(sandboxPort)}/log`)).json()) as CarrierEntry[]
  assert.deepEqual(await carrier(), [])

  await startGateway()
  const logs = () =>
    sql<{ message_uuid: string; status: string; reason: string | null }>(
      database,
      'select message_uuid, status, reason from legacy.sms_logs order by message_uuid',
    )
  assert.deepEqual(await eventually(logs, (rows) => rows.length === 3), [
    { message_uuid: expiring, status: 'failed', reason: 'valid_until has passed' },
    { message_uuid: late, status: 'sent', reason: null },
    { message_uuid: ahead, status: 'sent', reason: null },
  ])
  const sends = await carrier()
  assert.deepEqual(
    sends.map(({ reference }) => reference),
    [late, ahead],
  )
  assert.ok(Date.parse(sends[1]?.at ?? '') >= Date.parse(aheadAt))
  assert.deepEqual(
    await sql(database, `select state from messaging.execution_authority where message_uuid = '${expiring}'`),
    [{ state: 'void' }],
  )
})
