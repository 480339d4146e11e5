// What the service is told of a message, in ON and in SHADOW: the terms as they were given, and whose it is.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { ServiceMessage, ServiceRequest } from '../src/contract/service-api.ts'
import { startHttpPeer, type SeenRequest } from './providers/scripted-http-peer.ts'
import { reservedNumbers } from './support/numbers.ts'
import { eventually, startSystem, TENANT } from './support/system.ts'
import { routed, startVendor } from './support/vendors.ts'

const [a] = reservedNumbers(1)
const terms = {
  priority: 'bulk',
  send_at: '2000-01-01T00:00:00.000Z',
  valid_until: '2999-01-01T00:00:00.000Z',
  segments_max: 3,
}

function accept({ body }: SeenRequest) {
  const { messages } = JSON.parse(body || '{"messages":[]}') as ServiceRequest
  const results = messages.map(({ message_uuid }) => ({ message_uuid, status: 'accepted' }))
  return { kind: 'answer', status: 200, body: JSON.stringify({ results }) } as const
}
const service = await startHttpPeer(accept)
after(() => service.close())
const heard = await startSystem({ serviceUrl: service.origin })

/** The one message of the latest call to the service. */
async function told(dryRun: boolean, messageUuid: string): Promise<ServiceMessage | undefined> {
  const calls = () =>
    service.requests
      .filter(({ path }) => path === '/v1/messages')
      .map(({ body }) => JSON.parse(body) as ServiceRequest)
      .filter(({ dry_run }) => dry_run === dryRun)
      .flatMap(({ messages }) => messages)
      .filter(({ message_uuid }) => message_uuid === messageUuid)
  const found = await eventually(
    async () => calls(),
    (messages) => messages.length > 0,
  )
  return found.at(-1)
}

for (const [mode, dryRun] of [
  ['ON', false],
  ['SHADOW', true],
] as const) {
  test(`${mode}: all terms and the tenant`, async () => {
    await heard.mode(mode)
    const { body } = await heard.send({ to: a!, body: 'terms', from: 'Baton', ...terms })
    const message_uuid = body.messages[0]?.message_uuid ?? ''
    assert.deepEqual(await told(dryRun, message_uuid), {
      message_uuid,
      to: a,
      body: 'terms',
      from: 'Baton',
      tenant: TENANT,
      ...terms,
    })
  })

  test(`${mode}: nothing that was not given`, async () => {
    await heard.mode(mode)
    const { body } = await heard.send({ to: a!, body: 'plain' })
    const message_uuid = body.messages[0]?.message_uuid ?? ''
    assert.deepEqual(await told(dryRun, message_uuid), { message_uuid, to: a, body: 'plain', tenant: TENANT })
  })
}

test('ON: the service routes by the tenant it is told', async () => {
  const vendor = await startVendor('ours')
  const providers = (tenants: readonly string[]) => () => ({
    list: [routed(vendor, { rule: { name: 'ours', tenants } })],
    senderPaces: {},
  })
  const [ours, theirs] = await Promise.all([
    startSystem({ providers: providers([TENANT]) }),
    startSystem({ providers: providers(['somebody-else']) }),
  ])
  for (const [system, status] of [
    [ours, 'accepted'],
    [theirs, 'rejected'],
  ] as const) {
    await system.mode('ON')
    const { body } = await system.send({ to: a!, body: 'routed' })
    assert.equal(body.messages[0]?.status, status)
  }
  await eventually(
    async () => vendor.sent.length,
    (sent) => sent === 1,
  )
})
