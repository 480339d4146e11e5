// A canary over all logs: no body, no full number, no key, whatever happens and at every level.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { testDatabase } from './support/database.ts'
import { freePorts, startProgram } from './support/processes.ts'
import { OPERATOR_KEY, seedTenant, SEND_KEY } from './support/system.ts'

const NUMBER = '+12025550187'
const BODY = 'canary-4f1d your code is 993187'
const SENDER = 'CANARYSENDR'
const CARRIER_SECRET = 'canary-carrier-secret'

test('logs carry no body, no full number and no key', async () => {
  const database = await testDatabase()
  await seedTenant(database)
  const folder = mkdtempSync(join(tmpdir(), 'baton-logs-'))
  after(() => rmSync(folder, { recursive: true }))
  const [gatewayPort, servicePort, sandboxPort] = (await freePorts(3)).map(String)
  const url = (port: string | undefined) => `http://127.0.0.1:${port}`
  const settings = {
    BATON_LOG_LEVEL: 'debug',
    BATON_GATEWAY_PORT: gatewayPort ?? '',
    BATON_SERVICE_PORT: servicePort ?? '',
    BATON_SANDBOX_PORT: sandboxPort ?? '',
    BATON_SANDBOX_URL: url(sandboxPort),
    BATON_SERVICE_URL: url(servicePort),
    BATON_SANDBOX_LOG: join(folder, 'carrier.jsonl'),
    BATON_PROVIDER_TIMEOUT_MS: '300',
    BATON_SANDBOX_SECRET: CARRIER_SECRET,
    BATON_SANDBOX_SERVICE_CALLBACK: `${url(servicePort)}/receipts/sandbox-service`,
  }
  const sandbox = await startProgram('sandbox', settings, `${url(sandboxPort)}/healthz`)
  const service = await startProgram(
    'service',
    { ...settings, DATABASE_URL: database.serviceUrl },
    `${url(servicePort)}/healthz`,
  )
  const gateway = await startProgram(
    'gateway',
    { ...settings, DATABASE_URL: database.gatewayUrl },
    `${url(gatewayPort)}/healthz`,
  )

  const call = (method: string, path: string, body: unknown, key: string) =>
    fetch(url(gatewayPort) + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  const faults = (body: object) =>
    fetch(`${url(sandboxPort)}/faults`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const message = { to: NUMBER, body: BODY, from: SENDER }
  for (const mode of ['OFF', 'SHADOW', 'ON']) {
    await call('PUT', '/operator/mode', { mode, reason: 'canary' }, OPERATOR_KEY)
    for (const fault of [
      {},
      { legacy: { refuse: true }, service: { refuse: true } },
      { legacy: { swallow: true }, service: { reset_after_accept: true } },
    ]) {
      await faults(fault)
      await call('POST', '/v1/sms', message, SEND_KEY)
    }
  }
  await faults({})
  await call('POST', '/v1/sms', { ...message, surprise: BODY }, SEND_KEY)
  await call('POST', '/v1/sms', { ...message, to: `${NUMBER}x` }, SEND_KEY)
  await call('POST', '/v1/sms', `{"to":"${NUMBER}","body":"${BODY}`, SEND_KEY)
  // A row the server refuses: its error holds the row, the log may not.
  await database.admin.run({
    name: 'block',
    text: `alter table legacy.requests add constraint canary check (body not like 'canary%') not valid`,
  })
  const refused = await call('POST', '/v1/sms', message, SEND_KEY)
  assert.equal(refused.status, 503)
  await fetch(`${url(servicePort)}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      dry_run: false,
      messages: [{ message_uuid: '01890000-0000-7000-8000-00000000cafe', to: `${NUMBER}x`, body: BODY }],
    }),
  })
  // What a subscriber writes: kept nowhere, a wish to be left alone apart.
  for (const body of [BODY, 'STOP']) {
    const reply = await fetch(`${url(sandboxPort)}/replies`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ account: 'service', from: NUMBER, to: SENDER, body }),
    })
    assert.equal(reply.status, 202)
  }
  const forged = await fetch(`${url(servicePort)}/receipts/sandbox-service`, { method: 'POST', body: BODY })
  assert.equal(forged.status, 401)
  await Promise.all([gateway, service, sandbox].map((program) => program.kill('SIGTERM')))

  const output = [gateway, service, sandbox].map((program) => program.output()).join('\n')
  assert.match(output, /gateway is up/)
  assert.match(output, /DRY_RUN_NO_PROVIDER_CALL/)
  assert.match(output, /gateway has stopped/)
  assert.match(output, /receipt refused/)
  for (const secret of [
    BODY,
    'canary-4f1d',
    '993187',
    NUMBER,
    NUMBER.slice(1),
    SENDER,
    CARRIER_SECRET,
    SEND_KEY,
    OPERATOR_KEY,
    'test-gateway',
    'test-service',
  ]) {
    assert.ok(
      !output.includes(secret),
      `a log holds ${secret}: ${output.split('\n').find((line) => line.includes(secret))}`,
    )
  }
})
