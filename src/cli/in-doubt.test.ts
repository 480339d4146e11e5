// baton in-doubt: what it lists, shows and decides, and what it refuses to take for a decision.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runVerb } from '../../test/support/cli.ts'
import { eventually, OPERATOR_KEY, SEND_KEY, startSystem } from '../../test/support/system.ts'

const system = await startSystem()
await system.mode('ON')

const run = (argv: string[], environment: Record<string, string> = {}) =>
  runVerb(['in-doubt', ...argv], {
    BATON_GATEWAY_URL: system.gateway.url,
    BATON_OPERATOR_KEY: OPERATOR_KEY,
    BATON_DIRECTORY: '/nowhere',
    ...environment,
  })

const ledger = async (uuid: string) =>
  (
    await system.sql<{ state: string; provider_message_id: string | null; attempts: number }>(
      `select state, provider_message_id, attempts from messaging.execution_authority where message_uuid = '${uuid}'`,
    )
  )[0]
const until = (uuid: string, state: string) =>
  eventually(
    () => ledger(uuid),
    (row) => row?.state === state,
  )

/** A message whose vendor failed without saying whether it had sent it. */
async function doubtful(): Promise<string> {
  await system.carrierFaults({ service: { error_share: 1 } })
  const { body } = await system.send({ to: '+12025550130', body: 'canary-doubt' })
  const uuid = body.messages[0]?.message_uuid ?? ''
  await until(uuid, 'in_doubt')
  await system.carrierFaults({})
  return uuid
}

const STRANGER = '01890000-0000-7000-8000-00000000beef'

describe('in-doubt list and show', () => {
  test('0 when there is none, 1 when there are any; text and JSON', async () => {
    assert.deepEqual(await run(['list']), { code: 0, out: 'No message is in doubt.', complaints: '' })
    const uuid = await doubtful()
    const listed = await run(['list'])
    assert.equal(listed.code, 1)
    assert.match(listed.out, new RegExp(`${uuid}.*sandbox-service`))
    const json = await run(['list', '--json'])
    const { messages } = JSON.parse(json.out) as { messages: { message_uuid: string; holder: string }[] }
    assert.deepEqual(
      [json.code, messages.map(({ message_uuid, holder }) => [message_uuid, holder])],
      [1, [[uuid, 'go']]],
    )
    const shown = await run(['show', uuid])
    assert.equal(shown.code, 0)
    assert.match(shown.out, new RegExp(`^${uuid}: in_doubt, held by go, provider sandbox-service`))
    assert.match(shown.out, /No look-up or replay was made\.[^]*No proof is stored\./)
    assert.equal(
      (JSON.parse((await run(['show', uuid, '--json'])).out) as { state: string }).state,
      'in_doubt',
    )
    assert.doesNotMatch(listed.out + json.out + shown.out, /canary|5550130/)
    assert.equal((await run(['resolve', uuid, '--sent'])).code, 0)
    assert.equal((await run(['list'])).code, 0)
  })

  test('a message nobody knows, and what is no uuid, are refused: 1', async () => {
    const unknown = await run(['show', STRANGER])
    assert.equal(unknown.code, 1)
    assert.match(unknown.complaints, new RegExp(`${STRANGER}: is not known`))
    for (const text of ['nonsense', '../mode', '%2e%2e', STRANGER.slice(1)]) {
      const { code, out } = await run(['show', text])
      assert.deepEqual([code, out], [1, ''], text)
    }
  })

  test('without a gateway, a key, or the right key', async () => {
    assert.equal((await run(['list'], { BATON_GATEWAY_URL: 'http://127.0.0.1:1' })).code, 2)
    assert.equal((await run(['list'], { BATON_OPERATOR_KEY: 'guess' })).code, 1)
    assert.equal((await run(['list'], { BATON_OPERATOR_KEY: SEND_KEY })).code, 1)
    assert.equal((await run(['resolve', STRANGER, '--sent'], { BATON_OPERATOR_KEY: SEND_KEY })).code, 1)
  })
})

describe('in-doubt resolve', () => {
  test('what is no decision is refused before anybody is asked: 2, and nothing changes', async () => {
    const uuid = await doubtful()
    for (const [argv, says] of [
      [[], /needs --sent or --not-sent/],
      [['--reason', 'r'], /needs --sent or --not-sent/],
      [['--sent', '--not-sent', '--reason', 'r'], /cannot be used with/],
      [['--sent', '--send-again'], /cannot be used with/],
      [['--not-sent'], /needs --reason/],
      [['--not-sent', '--reason', 'r', '--provider-message-id', 'x'], /goes with --sent/],
      [['--sent', '--provider-message-id'], /argument missing/],
      [['--sent', '--because'], /unknown option/],
    ] as const) {
      const { code, complaints } = await run(['resolve', uuid, ...argv], {
        BATON_GATEWAY_URL: 'http://127.0.0.1:1',
      })
      assert.equal(code, 2, argv.join(' '))
      assert.match(complaints, says)
    }
    assert.equal((await run(['resolve'])).code, 2)
    assert.equal((await run(['decide', uuid])).code, 2)
    assert.equal((await ledger(uuid))?.state, 'in_doubt')
    await run(['resolve', uuid, '--not-sent', '--reason', 'cleared away'])
  })

  test('--sent: settled, with the id and who said so; a second decision is refused', async () => {
    const uuid = await doubtful()
    const { code, out } = await run(['resolve', uuid, '--sent', '--provider-message-id', 'seen-1'])
    assert.deepEqual([code, out], [0, `${uuid}: settled as sent`])
    assert.deepEqual(await ledger(uuid), { state: 'sent', provider_message_id: 'seen-1', attempts: 1 })
    const shown = await run(['show', uuid])
    assert.match(shown.out, /operator.*test operator.*the provider has sent it as seen-1/)
    const again = await run(['resolve', uuid, '--not-sent', '--reason', 'changed my mind'])
    assert.equal(again.code, 1)
    assert.equal((await ledger(uuid))?.state, 'sent')
  })

  test('--not-sent: refused for good; with --send-again it goes out, once', async () => {
    const refused = await doubtful()
    const { out } = await run(['resolve', refused, '--not-sent', '--reason', 'the vendor says so'])
    assert.equal(out, `${refused}: settled as not sent; it will not be sent`)
    assert.equal((await ledger(refused))?.state, 'refused')
    const again = await doubtful()
    const json = await run(['resolve', again, '--not-sent', '--reason', 'r', '--send-again', '--json'])
    assert.deepEqual([json.code, (JSON.parse(json.out) as { state: string }).state], [0, 'claimed'])
    assert.equal((await until(again, 'sent'))?.attempts, 2)
    const sent = (await system.carrier()).filter(({ reference }) => [refused, again].includes(reference))
    assert.deepEqual(
      sent.map(({ reference }) => reference),
      [again],
    )
  })

  test('a message that is not in doubt, or is not known, is not decided: 1', async () => {
    const { body } = await system.send({ to: '+12025550131', body: 'well' })
    const uuid = body.messages[0]?.message_uuid ?? ''
    await until(uuid, 'sent')
    assert.equal((await run(['resolve', uuid, '--not-sent', '--reason', 'r'])).code, 1)
    assert.equal((await ledger(uuid))?.state, 'sent')
    assert.equal((await run(['resolve', STRANGER, '--sent'])).code, 1)
  })
})
