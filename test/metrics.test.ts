// What the processes tell Prometheus, and that dashboard and alerts ask for nothing else.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { after, test } from 'node:test'
import { pino } from 'pino'
import { gatewayProgram } from '../src/gateway/program.ts'
import { appendEvidence } from '../src/operator/evidence.ts'
import { eventually, OPERATOR_KEY, SEND_KEY, startSystem } from './support/system.ts'

const lines: string[] = []
const log = pino(
  new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  }),
)
const system = await startSystem()
const parsed = gatewayProgram.parse({
  BATON_GATEWAY_PORT: '0',
  DATABASE_URL: system.database.gatewayUrl,
  BATON_SERVICE_URL: system.serviceUrl,
  BATON_SANDBOX_URL: system.sandbox.url,
  BATON_CHECK_INTERVAL_MS: '200',
})
assert.ok('values' in parsed)
const gateway = await gatewayProgram.start(parsed.values, log)
after(() => gateway.stop())

const scrape = async (url: string, key?: string) => {
  const response = await fetch(`${url}/metrics`, key ? { headers: { authorization: `Bearer ${key}` } } : {})
  return { status: response.status, text: await response.text() }
}
const gatewayFigures = async () => (await scrape(gateway.url, OPERATOR_KEY)).text
const to = '+12025550123'

test('the gateway tells operators only; the service tells whoever reaches it', async () => {
  assert.equal((await scrape(gateway.url)).status, 401)
  assert.equal((await scrape(gateway.url, SEND_KEY)).status, 403)
  assert.equal((await scrape(gateway.url, OPERATOR_KEY)).status, 200)
  assert.equal((await scrape(system.serviceUrl)).status, 200)
})

test('mode, answers by route, checks; nothing that names a person, a tenant or a message', async () => {
  await system.mode('ON')
  const response = await fetch(`${gateway.url}/v1/sms`, {
    method: 'POST',
    headers: { authorization: `Bearer ${SEND_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ to, body: 'a word in a text' }),
  })
  const { messages } = (await response.json()) as { messages: { message_uuid: string }[] }
  const figures = await eventually(gatewayFigures, (text) =>
    /conservation_messages\{outcome="entered"\} 1\n/.test(text),
  )
  assert.match(figures, /baton_mode\{mode="ON"\} 1\n/)
  assert.match(
    figures,
    /baton_http_request_duration_seconds_count\{method="POST",route="\/v1\/sms",status="2xx"\} 1\n/,
  )
  assert.match(figures, /baton_mismatches\{check="reconciliation",kind="two_sides_sent"\} 0\n/)
  const service = (await scrape(system.serviceUrl)).text
  assert.match(service, /baton_service_backlog_messages\{state="claimed"\} \d+\n/)
  for (const secret of [to, to.slice(1), 'demo', messages[0]?.message_uuid ?? '', 'a word']) {
    assert.ok(secret !== '' && !figures.includes(secret) && !service.includes(secret), secret)
  }
})

test('a second send raises the alarm: in the figures, and in the log by its uuid', async () => {
  const [row] = await system.sql<{ message_uuid: string }>(
    `insert into legacy.sms_logs select (jsonb_populate_record(l, '{"source": "legacy", "status": "sent"}')).*
     from legacy.sms_logs l returning message_uuid`,
  )
  assert.ok(row)
  const alarmed = /baton_mismatches\{check="reconciliation",kind="two_sides_sent"\} 1\n/
  await eventually(gatewayFigures, (text) => alarmed.test(text))
  assert.ok(lines.some((line) => line.includes('"alarm":"mismatch"') && line.includes(row.message_uuid)))
  await system.sql(`delete from legacy.sms_logs where source = 'legacy'`)
  await eventually(gatewayFigures, (text) => !alarmed.test(text))
})

test('every figure that the dashboard and the alerts ask for exists', async () => {
  const { admin } = system.database
  const verdict = { kind: 'verdict', subject: 'in-doubt-low', payload: { verdict: 'PASS' } } as const
  await appendEvidence(admin, admin, verdict)
  const counts = {
    coverage: 0.99,
    agreement_low: 0.9,
    agreement_low_route: 0.8,
    left_out_lost: 3,
    baseline_real: 0.97,
    agreement: null,
  }
  const kept = { asked: '', sample: 1, counts }
  await appendEvidence(admin, admin, { kind: 'measurement', subject: 'shadow', payload: kept })
  const told = `${await gatewayFigures()}\n${(await scrape(system.serviceUrl)).text}`
  assert.match(told, /baton_gate_verdict\{gate="in-doubt-low",verdict="PASS"\} 1\n/)
  assert.match(told, /baton_shadow_coverage\{check="shadow"\} 0.99\n/)
  assert.match(told, /baton_shadow_agreement_low\{field="all"\} 0.9\n/)
  assert.match(told, /baton_shadow_agreement_low\{field="route"\} 0.8\n/)
  assert.match(told, /baton_shadow_left_out_messages\{reason="lost"\} 3\n/)
  for (const file of ['grafana/baton-migration.json', 'prometheus/baton-alerts.yml']) {
    const text = readFileSync(join(import.meta.dirname, '..', 'deploy', file), 'utf8')
    const asked = new Set(Array.from(text.matchAll(/\b(?:baton|nodejs)_[a-z0-9_]+/g), ([name]) => name))
    assert.ok(asked.size >= 9, `${file}: ${asked.size} figures`)
    for (const name of asked) assert.match(told, new RegExp(`^${name}[{ ]`, 'm'), `${file}: ${name}`)
  }
})
