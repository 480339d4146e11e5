// The official client against the real program, over standard input and output.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { OPERATOR_KEY, startSystem } from '../../../test/support/system.ts'
import { tools } from './tools.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const system = await startSystem()
const directory = mkdtempSync(join(tmpdir(), 'baton-mcp-'))
after(() => rmSync(directory, { recursive: true }))
const reading = await connect()
const changing = await connect('--allow-changes')

async function connect(...flags: string[]): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' })
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [join(ROOT, 'bin', 'baton.mjs'), 'mcp', ...flags],
      cwd: directory,
      env: {
        PATH: process.env['PATH'] ?? '',
        BATON_DIRECTORY: directory,
        DATABASE_URL: system.database.gatewayUrl,
        BATON_GATEWAY_URL: system.gateway.url,
        BATON_SERVICE_URL: system.serviceUrl,
        BATON_OPERATOR_KEY: OPERATOR_KEY,
      },
    }),
  )
  after(() => client.close())
  return client
}

interface Answer {
  readonly isError: boolean
  readonly value: Record<string, unknown>
  readonly text: string
}

async function ask(client: Client, name: string, input: Record<string, unknown> = {}): Promise<Answer> {
  const result = await client.callTool({ name, arguments: input })
  const [part] = result.content as { type: string; text: string }[]
  assert.ok(part)
  return { isError: result.isError === true, value: JSON.parse(part.text), text: part.text }
}

test('every tool is listed with its schema, and says whether it changes anything', async () => {
  const { tools: listed } = await reading.listTools()
  assert.deepEqual(
    listed.map(({ name, annotations }) => [name, annotations?.readOnlyHint]),
    tools.map(({ name, changes }) => [name, !changes]),
  )
  assert.deepEqual(
    tools.filter(({ changes }) => changes).map(({ name }) => name),
    ['run_step', 'rollback', 'pause'],
  )
})

test('a question is answered as the command line answers it, with its exit code', async () => {
  const mode = await ask(reading, 'mode')
  assert.deepEqual([mode.isError, mode.value['exit_code']], [false, 0])
  assert.equal((mode.value['answer'] as { mode: string }).mode, 'OFF')
  const { text, value } = await ask(reading, 'check_gates', { names: ['shadow-coverage'] })
  assert.deepEqual([value['exit_code'], value['means']], [3, 'holds: there is no answer to trust yet'])
  assert.match(text, /shadow-coverage/)
})

test('the history of a message comes without its full number', async () => {
  const sent = await system.send({ to: '+12025550101', body: 'hello' })
  const uuid = sent.body.messages[0]?.message_uuid
  const { text, value } = await ask(reading, 'message_history', { message_uuid: uuid })
  assert.equal(value['exit_code'], 0)
  assert.match(text, new RegExp(`${uuid}`))
  assert.doesNotMatch(text, /2025550101|hello/)
})

test('a change is refused to a server that reads only, and says what would lift it', async () => {
  for (const [name, input] of [
    ['run_step', { id: 'off' }],
    ['rollback', {}],
    ['pause', {}],
  ] as const) {
    const { isError, value } = await ask(reading, name, input)
    assert.deepEqual([isError, value['refused']], [true, true], name)
    assert.match(String(value['lifted_by']), /--allow-changes/)
  }
  const { value } = await ask(changing, 'run_step', { id: 'off', file: 'none.md' })
  assert.notEqual(value['refused'], true)
})

test('bad input is refused with the reason: a flag in place of a value, an unknown argument, an unknown tool', async () => {
  const cases: [string, Record<string, unknown>, RegExp][] = [
    ['message_history', { message_uuid: '--help' }, /message_uuid/],
    ['check_gates', { names: ['--no-measure'] }, /names\/0/],
    ['run_step', { id: '--execute' }, /id/],
    ['reconcile', { window: '-x', repair: true }, /window|additional/],
    ['runbook_plan', { file: '--out' }, /file/],
  ]
  for (const [name, input, why] of cases) {
    const { isError, value } = await ask(changing, name, input)
    assert.deepEqual([isError, value['refused']], [true, true], name)
    assert.match(String(value['why']), why)
  }
  await assert.rejects(ask(reading, 'send_everything'), /no such tool: send_everything/)
})

test('an error of the verb is an error of the call, with what it said', async () => {
  const { isError, value } = await ask(reading, 'reconcile', {
    window: '2099-01-01T00:00:00Z..2099-01-02T00:00:00Z',
  })
  assert.deepEqual([isError, value['exit_code']], [true, 2])
  assert.match(JSON.stringify(value), /future/)
})
