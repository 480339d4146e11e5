// A sender's pace holds across two processes of the service, and holds up nobody else's messages.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { uuidv7 } from 'uuidv7'
import { testDatabase } from './support/database.ts'
import { freePorts, startProgram } from './support/processes.ts'
import { eventually, sql } from './support/system.ts'
import { startVendor, vendorOptions, type Vendor } from './support/vendors.ts'

const PER_SECOND = 20
/** A tenth of a second of it may go at once. */
const BURST = 2
const EACH = 300
const LOOK_EVERY_MS = 50
const LOOKS_MAX = 600

const database = await testDatabase()
const folder = mkdtempSync(join(tmpdir(), 'baton-paces-'))
after(() => rmSync(folder, { recursive: true }))
const vendors = [await startVendor('one'), await startVendor('other')] as const

/** Each process reaches the same provider at an address of its own, so that its sends can be told apart. */
async function startServiceWith(vendor: Vendor): Promise<string> {
  const { origin, request, success, refusals, protection } = vendorOptions(vendor)
  const path = join(folder, `${vendor.name}.json`)
  const options = { origin, request, success, refusals, protection }
  writeFileSync(
    path,
    JSON.stringify({
      providers: [{ name: 'p', kind: 'generic', options }],
      senders: { SLOW: { per_second: PER_SECOND }, SLOWER: { per_second: 1 } },
    }),
  )
  const [port = 0] = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  const settings = {
    BATON_LOG_LEVEL: 'warn',
    BATON_SERVICE_PORT: String(port),
    BATON_PROVIDERS_FILE: path,
    DATABASE_URL: database.serviceUrl,
  }
  await startProgram('service', settings, `${url}/healthz`)
  return url
}

async function accept(url: string, from: string, count: number): Promise<string[]> {
  const messages = Array.from({ length: count }, () => ({
    message_uuid: uuidv7(),
    to: '+12025550140',
    from,
    body: 'hello',
  }))
  const response = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ dry_run: false, messages }),
  })
  assert.equal(response.status, 200, await response.text())
  return messages.map(({ message_uuid }) => message_uuid)
}

/** How many messages of a sender were dispatched, and the seconds since `fromMs`, by one clock in one statement. */
async function dispatched(sender: string, fromMs: number): Promise<{ messages: number; seconds: number }> {
  const [row] = await sql<{ messages: number; ms: number }>(
    database,
    `select count(*) filter (where a.dispatched_at is not null and l.sender = '${sender}')::integer as messages,
       (extract(epoch from clock_timestamp()) * 1000)::float8 as ms
     from messaging.execution_authority a join messaging.go_sms_logs l using (message_uuid)`,
  )
  assert.ok(row)
  return { messages: row.messages, seconds: (row.ms - fromMs) / 1_000 }
}

test('two processes together send what the pace allows, and everybody else’s at once', async () => {
  const urls = await Promise.all(vendors.map(startServiceWith))
  const [first = ''] = urls
  // The sender with the pace comes first: what waits for it is in front of all the others.
  const { seconds: epochS } = await dispatched('SLOW', 0)
  const slow = new Set(await accept(first, 'SLOW', EACH))
  const slower = new Set(await accept(first, 'SLOWER', EACH))
  const free = new Set(await accept(first, 'FREE', EACH))
  const sentOf = (uuids: ReadonlySet<string>) =>
    vendors.map(({ sent }) => sent.filter((uuid) => uuids.has(uuid)).length)
  const sum = ([one = 0, other = 0]: readonly number[]) => one + other
  await eventually(
    () => Promise.resolve(sum(sentOf(free))),
    (count) => count === EACH,
  )
  const looks = []
  while (sum(sentOf(slow)) < 3 * PER_SECOND || sentOf(slow).includes(0)) {
    looks.push(await dispatched('SLOW', epochS * 1_000))
    assert.ok(looks.length < LOOKS_MAX, `both processes send of it: ${sentOf(slow).join(', ')}`)
    await sleep(LOOK_EVERY_MS)
  }
  assert.ok(looks.length > 1)
  for (const { messages, seconds } of looks) {
    assert.ok(messages <= BURST + PER_SECOND * seconds + 1, `${messages} in ${seconds} s`)
  }
  const last = await dispatched('SLOWER', epochS * 1_000)
  assert.ok(last.messages >= 1 && last.messages <= 2 + last.seconds, JSON.stringify(last))
  const all = vendors.flatMap(({ sent }) => sent)
  assert.equal(new Set(all).size, all.length, 'none twice')
  assert.ok(sum(sentOf(slower)) < EACH)
})
