// What the operator types and reads: exit codes, suggestions, masked numbers, JSON.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { writeEnvFile } from '../process/env-file.ts'
import { runCli } from './index.ts'

type Environment = Record<string, string>

async function run(argv: string[], environment: Environment = {}, workingDirectory = '/nonexistent') {
  const out: string[] = []
  const complaints: string[] = []
  const code = await runCli(argv, {
    environment,
    workingDirectory,
    print: (line) => out.push(line),
    complain: (line) => complaints.push(line),
    write: (text) => out.push(text),
    stdin: process.stdin,
    colour: false,
    onSignal: () => {},
    onOrphaned: () => {},
    exit: (exitCode) => assert.fail(`exit ${exitCode}`),
  })
  return { code, out: out.join('\n'), complaints: complaints.join('\n') }
}

/** A server that answers as the programs document, and keeps what it was asked. */
async function serve(t: TestContext, status: number, answer: unknown) {
  const asked: { method: string; path: string; headers: IncomingMessage['headers']; body: unknown }[] = []
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    void (async () => {
      const chunks: Uint8Array[] = []
      for await (const chunk of request) chunks.push(chunk as Uint8Array)
      const text = Buffer.concat(chunks).toString()
      const { method = '', url: path = '', headers } = request
      asked.push({ method, path, headers, body: text === '' ? undefined : JSON.parse(text) })
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
    })()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const environment = {
    BATON_GATEWAY_URL: url,
    BATON_SERVICE_URL: url,
    BATON_SANDBOX_URL: url,
    BATON_FAULTS_URL: url,
    BATON_API_KEY: 'send_key',
    BATON_OPERATOR_KEY: 'operate_key',
  }
  return { url, environment, asked }
}

const sent = {
  request_id: '00000000-0000-7000-8000-000000000001',
  mode: 'ON',
  messages: ['+12025550100', '+12025550101'].map((to, index) => ({
    message_uuid: `00000000-0000-7000-8000-00000000001${index}`,
    to,
    source: 'go',
    status: 'accepted',
    provider_message_id: null,
    fallback: null,
  })),
}
const argv = ['send', '--to', '+12025550100', '--to', '+12025550101', '--body', 'hello']

test('send posts the terms that were typed, and says when it will be sent', async (t) => {
  const sendAt = '2030-01-31T09:30:00Z'
  const { environment, asked } = await serve(t, 202, { ...sent, send_at: sendAt })
  const terms = ['--priority', 'bulk', '--send-at', sendAt, '--valid-until', '2030-02-01T00:00:00Z']
  const { code, out } = await run([...argv, ...terms, '--segments-max', '2'], environment)
  assert.equal(code, 0)
  assert.match(out, /to be sent at 2030-01-31T09:30:00Z/)
  const { priority, send_at, valid_until, segments_max } = (asked[0]?.body ?? {}) as Record<string, unknown>
  assert.deepEqual(
    [priority, send_at, valid_until, segments_max],
    ['bulk', sendAt, '2030-02-01T00:00:00Z', 2],
  )
  for (const wrong of [
    ['--priority', 'urgent'],
    ['--segments-max', '0'],
    ['--segments-max', '256'],
  ]) {
    const refused = await run([...argv, ...wrong], environment)
    assert.equal(refused.code, 2, refused.complaints)
  }
  assert.equal(asked.length, 1)
})

test('send posts what was typed, with the key that may send', async (t) => {
  const { environment, asked } = await serve(t, 202, sent)
  const { code, out } = await run([...argv, '--from', 'Baton', '--idempotency-key', 'k1'], environment)
  assert.equal(code, 0)
  assert.match(out, /\+12025550100 +accepted +go/)
  const [call] = asked
  assert.deepEqual([call?.method, call?.path], ['POST', '/v1/sms'])
  assert.deepEqual(call?.body, { to: ['+12025550100', '+12025550101'], body: 'hello', from: 'Baton' })
  assert.equal(call?.headers.authorization, 'Bearer send_key')
  assert.equal(call?.headers['idempotency-key'], 'k1')
})

test('--json is the answer as it is', async (t) => {
  const { environment } = await serve(t, 202, sent)
  const { code, out } = await run([...argv, '--json'], environment)
  assert.equal(code, 0)
  assert.deepEqual(JSON.parse(out), sent)
})

test('numbers are masked, but for those that were typed', async (t) => {
  const { environment } = await serve(t, 202, sent)
  const { out } = await run(['send', '--to', '+12025550100', '--body', 'x'], environment)
  assert.ok(out.includes('+12025550100'))
  assert.ok(out.includes('+1202555****') && !out.includes('+12025550101'), out)
})

test('a refusal prints the detail of the problem and ends with 1', async (t) => {
  const { environment } = await serve(t, 402, { detail: 'quota of demo: 0 left of 5 for +12025550199' })
  const plain = await run(argv, environment)
  assert.deepEqual([plain.code, plain.out], [1, ''])
  assert.equal(plain.complaints, 'baton: quota of demo: 0 left of 5 for +1202555****')
  const json = await run([...argv, '--json'], environment)
  assert.deepEqual([json.code, (JSON.parse(json.out) as { error: string }).error], [1, 'refused'])
})

test('an unreachable gateway ends with 2, names the URL and how to repeat the send safely', async () => {
  const environment = { BATON_GATEWAY_URL: 'http://127.0.0.1:1', BATON_API_KEY: 'k' }
  const { code, complaints } = await run(argv, environment)
  assert.equal(code, 2)
  assert.match(complaints, /cannot reach http:\/\/127\.0\.0\.1:1\/v1\/sms: .*is baton up running\?/)
  assert.match(complaints, /--idempotency-key [0-9a-f-]{36}/)
})

test('without URLs: ends with 2 and says where they were looked for', async () => {
  const { code, complaints } = await run(['mode', 'get'])
  assert.equal(code, 2)
  assert.match(
    complaints,
    /BATON_GATEWAY_URL: is not set, .*\/nonexistent\/\.baton\/env: is baton up running\?/,
  )
})

test('URLs and keys come from .baton/env, and the environment comes before it', async (t) => {
  const { environment, asked, url } = await serve(t, 200, [])
  const directory = mkdtempSync(join(tmpdir(), 'baton-cli-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const databases = {
    DATABASE_URL: 'postgres://127.0.0.1:1/x',
    LEGACY_DATABASE_URL: 'postgres://127.0.0.1:1/x',
  }
  writeEnvFile(directory, { ...environment, ...databases, BATON_SANDBOX_URL: 'http://127.0.0.1:1' })
  const elsewhere = await run(['carrier', 'log'], { BATON_DIRECTORY: directory })
  assert.equal(elsewhere.code, 2)
  const here = await run(['carrier', 'log'], { BATON_DIRECTORY: directory, BATON_SANDBOX_URL: url })
  assert.deepEqual(
    [here.code, here.out, asked[0]?.path],
    [0, 'The carrier has sent nothing.', '/log?limit=20'],
  )
})

test('mode set sends the change with the operator key', async (t) => {
  const inForce = { scope: 'demo', mode: 'ON', ramp_percent: 5, epoch: 2, reason: 'try', changed_at: 'now' }
  const { environment, asked } = await serve(t, 200, { ...inForce, tenants: [inForce] })
  const change = ['mode', 'set', 'ON', '--reason', 'try', '--tenant', 'demo', '--ramp-percent', '5']
  const { code, out } = await run(change, environment)
  assert.equal(code, 0)
  assert.equal(out.split('\n').length, 2, out)
  assert.deepEqual(asked[0]?.body, { mode: 'ON', reason: 'try', tenant: 'demo', ramp_percent: 5 })
  assert.equal(asked[0]?.headers.authorization, 'Bearer operate_key')
})

test('carrier faults: a share alone means all', async (t) => {
  const { environment, asked } = await serve(t, 200, { legacy: {}, service: {} })
  const set = ['faults', 'carrier', 'set', '--account', 'legacy', '--refuse', '--error-share', '0.25']
  assert.equal((await run(set, environment)).code, 0)
  assert.deepEqual(asked.at(-1)?.body, { legacy: { refuse: true, error_share: 0.25 }, service: {} })
})

test('what is mistyped ends with 2 and a hint', async () => {
  const cases: [string[], RegExp][] = [
    [['sedn'], /unknown command 'sedn'\n?\(Did you mean send\?\)/],
    [['mode', 'sett', 'ON'], /Did you mean set\?/],
    [['status', '--jsno'], /Did you mean --json\?/],
    [['send', '--body', 'x'], /required option '--to <number\.\.\.>' not specified/],
    [['mode', 'set', 'MAYBE', '--reason', 'x'], /Allowed choices are OFF, SHADOW, ON/],
    [['mode', 'set', 'ON'], /required option '--reason <text>'/],
    [['mode', 'set', 'ON', '--reason', 'x', '--ramp-percent', '101'], /a whole number from 0 to 100/],
    [['faults', 'set'], /no fault is given/],
    [['faults', 'set', '--delay-ms', '1.5'], /a whole number/],
    [['faults', 'carrier', 'set', '--account', 'other', '--refuse'], /Allowed choices are legacy, service/],
    [['faults', 'carrier', 'set', '--account', 'legacy'], /no fault is given/],
    [['faults', 'carrier', 'set', '--account', 'legacy', '--swallow', '2'], /a share from 0 to 1/],
    [['message'], /missing required argument 'uuid'/],
    [['db', 'migrate'], /no database: give --admin-url or DATABASE_URL/],
    [['db', 'migrate', '--admin-url', 'localhost'], /is not a postgres:\/\/ URL/],
  ]
  for (const [mistyped, expected] of cases) {
    const { code, complaints, out } = await run(mistyped)
    assert.equal(code, 2, mistyped.join(' '))
    assert.match(complaints, expected)
    assert.equal(out, '', 'nothing on standard output')
  }
})

test('help and the SQL of the migration are printed and end with 0', async () => {
  const help = await run(['--help'])
  assert.equal(help.code, 0)
  for (const verb of ['up', 'db', 'send', 'mode', 'message', 'status', 'faults', 'carrier'])
    assert.match(help.out, new RegExp(`^ {2}${verb}\\b`, 'm'))
  const sql = await run(['db', 'migrate', '--print'])
  assert.equal(sql.code, 0)
  for (const expected of [
    'create role',
    'create table legacy.sms_logs',
    'create table messaging.execution_authority',
    'grant',
  ])
    assert.ok(sql.out.includes(expected), expected)
})

test('db migrate: half of the passwords is a mistake, a server that is away is said to be', async () => {
  const url = 'postgres://someone:hidden-word@127.0.0.1:1/nowhere'
  const half = await run(['db', 'migrate', '--admin-url', url], { BATON_GATEWAY_DB_PASSWORD: 'x' })
  assert.deepEqual([half.code, /set both/.test(half.complaints)], [2, true])
  const away = await run(['db', 'migrate', '--admin-url', url])
  assert.equal(away.code, 2)
  assert.match(away.complaints, /cannot reach the database: .*127\.0\.0\.1:1/)
  assert.ok(!away.complaints.includes('hidden-word'))
})
