// Handed-back messages when answers of the ledger get lost: sent once, and never under a dispatch nobody heard of.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { uuidv7 } from 'uuidv7'
import { testDatabase } from '../../test/support/database.ts'
import { quiet, seedTenant, sql, TENANT, type CarrierEntry } from '../../test/support/system.ts'
import { createClaims } from '../authority/claim.ts'
import { handBack } from '../authority/hand-over.ts'
import type { Database } from '../db/database.ts'
import { sandboxProvider } from '../providers/sandbox.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { createEnter } from './enter.ts'
import { createGatewayLedger } from './ledger.ts'
import { createLegacySender, type LegacySenderOptions } from './legacy-send.ts'
import { createMessageMaps } from './message-maps.ts'
import { changeMode } from './mode-store.ts'
import { createRecordAnswer } from './record-answer.ts'
import { readRequest } from './request-store.ts'
import { settleHandedBack, type SettleHandedBackOptions } from './settle-handed-back.ts'
import { settleUnresolved } from './settle-unresolved.ts'
import type { SmsRequest } from './sms-request.ts'

const database = await testDatabase()
await seedTenant(database)
const folder = mkdtempSync(join(tmpdir(), 'baton-handed-back-'))
const sandbox = await startSandbox({
  host: '127.0.0.1',
  port: 0,
  logPath: join(folder, 'carrier.jsonl'),
  log: quiet,
})
const driver = sandboxProvider({ url: sandbox.url, account: 'legacy', timeoutMs: 2_000, connectionsMax: 4 })
after(async () => {
  await driver.close()
  await sandbox.close()
  rmSync(folder, { recursive: true })
})
const { gateway } = database
const ledger = createGatewayLedger(gateway, driver.name, 2_000)
const record = createRecordAnswer(gateway, 2_000)
const sender: LegacySenderOptions = {
  claimForLegacy: ledger.claimForLegacy,
  settle: ledger.settle,
  driver,
  dispatchedMax: 50,
  staleMs: 60_000,
  onUnsettled: (error) => assert.fail(String(error)),
}
const legacy = createLegacySender(sender)
const options: SettleHandedBackOptions = {
  legacyDatabase: gateway,
  ledgerDatabase: gateway,
  legacy,
  provider: driver.name,
  record,
  ledgerDeadlineMs: 500,
  log: quiet,
}
const settleOthers = () =>
  settleUnresolved({
    ...options,
    legacy,
    readLedger: ledger.read,
    claimForLegacy: ledger.claimForLegacy,
    giveUp: ledger.giveUp,
    // Whatever is on the list is too old: what was handed back is sent all the same.
    wantedMs: 0,
  })

/** Accepted by the service, told to the caller, then handed back. */
async function handedBackMessage(): Promise<string> {
  await changeMode(gateway, { mode: 'ON', reason: 'test' }, 'test')
  const maps = createMessageMaps(['+12025550100'])
  const terms = { priority: null, sendAt: null, validUntil: null, segmentsMax: null }
  const request = {
    requestId: uuidv7(),
    tenant: TENANT,
    body: 'back',
    sender: null,
    ...maps,
    keyed: false,
    terms,
  }
  const arriving = { request, idempotencyKey: null, contentSha256: Buffer.alloc(32), reference: null }
  const entry = await createEnter(gateway, () => 1, 2_000, 86_400_000)(arriving)
  assert.ok(entry.kind === 'entered')
  const [messageUuid] = maps.recipientMap.keys()
  assert.ok(messageUuid)
  const message = { messageUuid, recipient: '+12025550100', sender: null, body: 'back' }
  await createClaims(database.service, 2_000).accept([message])
  const told = { messageUuid, source: 'go', status: 'accepted', providerMessageId: null } as const
  const outcomes = [{ ...told, fallback: null, reason: null, pending: null }]
  await record({ request: entry.request, outcomes, answer: { json: null } })
  assert.deepEqual(await handBack(gateway, [messageUuid], 'test', 2_000), [messageUuid])
  return messageUuid
}

/** What commits, and whose answer never comes, for statements of this name. */
function losingAnswersTo(name: string): Database {
  return {
    ...gateway,
    async run(statement, parameters) {
      const rows = await gateway.run(statement, parameters)
      if (statement.name === name) throw new Error('the connection was lost')
      return rows
    },
  }
}

const stateOf = async (uuid: string) =>
  (
    await sql<{ state: string; holder: string }>(
      database,
      `select state, holder from messaging.execution_authority where message_uuid = '${uuid}'`,
    )
  )[0]
const carried = async (uuid: string) =>
  ((await (await fetch(`${sandbox.url}/log?reference=${uuid}`)).json()) as CarrierEntry[]).map(
    ({ account }) => account,
  )
const logged = (uuid: string) =>
  sql(
    database,
    `select status, handed_back from legacy.sms_logs where message_uuid = '${uuid}' and source = 'legacy'`,
  )

test('a dispatch whose answer never comes is taken back by its token, then sent once', async () => {
  const uuid = await handedBackMessage()
  const deaf = { ...options, ledgerDatabase: losingAnswersTo('authority/dispatch-legacy') }
  await assert.rejects(settleHandedBack(deaf), /dispatch for legacy/)
  assert.deepEqual(await stateOf(uuid), { state: 'dispatched', holder: 'legacy' })
  await settleHandedBack(options)
  assert.deepEqual(await carried(uuid), [], 'nobody sends under a dispatch that nobody heard of')
  await settleOthers()
  assert.equal((await stateOf(uuid))?.state, 'claimed', 'no permit was ever made: it is free again')
  await settleOthers()
  assert.equal((await stateOf(uuid))?.state, 'claimed', 'and is not voided, however old')
  await settleHandedBack(options)
  assert.deepEqual([(await stateOf(uuid))?.state, await carried(uuid)], ['sent', ['legacy']])
  assert.deepEqual(await logged(uuid), [{ status: 'sent', handed_back: true }])
})

test('a log row whose answer never comes is written once; the work list is empty in the end', async () => {
  const uuid = await handedBackMessage()
  const deafRecord = createRecordAnswer(losingAnswersTo('gateway/record-answer'), 300)
  await assert.rejects(settleHandedBack({ ...options, record: deafRecord }))
  assert.deepEqual(await carried(uuid), ['legacy'])
  await settleHandedBack(options)
  await settleOthers()
  assert.deepEqual(await carried(uuid), ['legacy'])
  assert.deepEqual(await logged(uuid), [{ status: 'sent', handed_back: true }])
  assert.deepEqual(await sql(database, 'select 1 from legacy.unresolved_messages'), [])
})

test('two gateways at once send each message once', async () => {
  const uuids = [await handedBackMessage(), await handedBackMessage(), await handedBackMessage()]
  await Promise.all([settleHandedBack(options), settleHandedBack(options), settleOthers()])
  for (const uuid of uuids) assert.deepEqual(await carried(uuid), ['legacy'])
})

test('a permit that was asked for too long ago is not used', async () => {
  const uuid = await handedBackMessage()
  const heldUp = createLegacySender({ ...sender, staleMs: -1 })
  await settleHandedBack({ ...options, legacy: heldUp })
  assert.deepEqual(await carried(uuid), [])
  assert.deepEqual(await stateOf(uuid), { state: 'refused', holder: 'legacy' })
  assert.deepEqual(await logged(uuid), [{ status: 'failed', handed_back: true }])
})

test('a verdict that is committed late, after the hand-back, is told as handed back or left out', async () => {
  for (const isBefore of [true, false]) {
    const messageUuid = await handedBackMessage()
    const request = await forgetVerdict(messageUuid)
    const told = { messageUuid, providerMessageId: null, fallback: null, reason: null, pending: null }
    const verdict = {
      request,
      outcomes: [{ ...told, source: 'go', status: 'accepted' }],
      answer: null,
    } as const
    const ending = {
      request,
      outcomes: [{ ...told, source: 'legacy', status: 'sent' }],
      answer: null,
    } as const
    for (const answered of isBefore ? [verdict, ending] : [ending, verdict]) await record(answered)
    const rows = await sql(
      database,
      `select source, delivery_status, handed_back from legacy.sms_logs where message_uuid = '${messageUuid}' order by source`,
    )
    const ofLegacy = { source: 'legacy', delivery_status: null, handed_back: isBefore }
    const ofService = { source: 'go', delivery_status: 'handed_back', handed_back: false }
    assert.deepEqual(rows, isBefore ? [ofService, ofLegacy] : [ofLegacy])
  }
})

test('a verdict that is committed late does not end what was handed back', async () => {
  const messageUuid = await handedBackMessage()
  const request = await forgetVerdict(messageUuid)
  await sql(
    database,
    `insert into legacy.unresolved_messages (message_uuid, request_id, reason, handed_back)
     values ('${messageUuid}', '${request.requestId}', 'handed back', true)`,
  )
  const listed = () =>
    sql(database, `select 1 as n from legacy.unresolved_messages where message_uuid = '${messageUuid}'`)
  const told = { messageUuid, providerMessageId: null, fallback: null, reason: null, pending: null }
  await record({ request, outcomes: [{ ...told, source: 'go', status: 'accepted' }], answer: null })
  assert.deepEqual(await listed(), [{ n: 1 }])
  await settleHandedBack(options)
  assert.deepEqual([await carried(messageUuid), await listed()], [['legacy'], []])
})

test('what the service rejected is logged once, whoever settles the request from the ledger', async () => {
  const messageUuid = await handedBackMessage()
  const request = await forgetVerdict(messageUuid)
  const told = { messageUuid, providerMessageId: null, fallback: null, reason: null, pending: null }
  await record({ request, outcomes: [{ ...told, source: 'go', status: 'rejected' }], answer: null })
  await record({ request, outcomes: [{ ...told, source: 'legacy', status: 'failed' }], answer: null })
  const rows = await sql(
    database,
    `select source, status from legacy.sms_logs where message_uuid = '${messageUuid}'`,
  )
  assert.deepEqual(rows, [{ source: 'go', status: 'rejected' }])
})

/** As the settler finds it when the gateway died while its verdict was on its way. */
async function forgetVerdict(messageUuid: string): Promise<SmsRequest> {
  const [row] = await sql<{ request_id: string }>(
    database,
    `delete from legacy.sms_logs where message_uuid = '${messageUuid}' returning request_id`,
  )
  const stored = await readRequest(gateway, row?.request_id ?? null)
  assert.ok(stored)
  return stored.request
}
