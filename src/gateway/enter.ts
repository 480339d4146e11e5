import { reservesQuota } from '../core/quota.ts'
import type { ModeSetting } from '../core/mode.ts'
import type { Database, Runner } from '../db/database.ts'
import { groupCommit } from '../db/group-commit.ts'
import { statement } from '../db/statement.ts'
import { untilKnown } from '../db/until-known.ts'
import { readModes } from './mode-store.ts'
import type { TimesFault } from '../core/message-times.ts'
import { timesFaults } from './times-faults.ts'
import { insertRequests, readSettings, type NewRequest } from './request-store.ts'
import { modeOf, type SmsRequest } from './sms-request.ts'

/** A request before its mode is known: the mode is read in the batch that records it, once. */
export type Arriving = Omit<NewRequest, 'request'> & { readonly request: Omit<SmsRequest, 'setting'> }

/**
 *   entered   the intent is durable; quota is reserved for its messages in ON
 *   taken     the Idempotency-Key (or the id) stands for an earlier request
 *   no_quota  nothing was recorded
 *   untimely  by the database's clock it must not be entered; nothing was recorded
 */
export type Entry =
  | { readonly kind: 'entered'; readonly request: SmsRequest }
  | { readonly kind: 'taken' }
  | { readonly kind: 'no_quota'; readonly messages: number; readonly room: number }
  | { readonly kind: 'untimely'; readonly fault: TimesFault }

const room = statement<{ tenant: string; room: number }>(import.meta.url, './sql/quota-room.sql')
const reserve = statement<{ tenant: string }>(import.meta.url, './sql/reserve-quota.sql')

const BATCH_MESSAGES_MAX = 2_000
const READINGS_MAX = 10

/** Records requests, batched. Rejects when the database stays away for `deadlineMs`: then nothing is sent. */
export function createEnter(
  database: Database,
  ownerOf: () => number,
  deadlineMs: number,
  aheadMaxMs: number,
): (arriving: Arriving) => Promise<Entry> {
  async function run(batch: readonly Arriving[]): Promise<Entry[]> {
    let isRerun = false
    return untilKnown(deadlineMs, async () => {
      // The answer of an earlier run was lost: what it recorded is entered, under the setting it read.
      const ids = isRerun ? batch.map(({ request }) => request.requestId) : []
      const recorded = isRerun ? await readSettings(database, ids) : new Map<string, ModeSetting>()
      isRerun = true
      const fresh = batch.filter(({ request }) => !recorded.has(request.requestId))
      const entries = await entriesOf(fresh)
      return batch.map((item) => {
        const setting = recorded.get(item.request.requestId)
        if (setting) return { kind: 'entered', request: { ...item.request, setting } }
        return entries.get(item) ?? { kind: 'taken' }
      })
    })
  }

  async function entriesOf(fresh: readonly Arriving[]): Promise<Map<Arriving, Entry>> {
    const faults = await timesFaults(database, fresh, aheadMaxMs)
    const timely = fresh.filter((item) => !faults.has(item))
    const entries = timely.length === 0 ? [] : await enterFresh(timely)
    return new Map<Arriving, Entry>([
      ...Array.from(faults, ([item, fault]): [Arriving, Entry] => [item, { kind: 'untimely', fault }]),
      ...timely.map((item, index): [Arriving, Entry] => [item, entries[index] ?? { kind: 'taken' }]),
    ])
  }

  /** A change of the mode between reading and recording has it read again. */
  async function enterFresh(batch: readonly Arriving[]): Promise<Entry[]> {
    for (let reading = 0; reading < READINGS_MAX; reading++) {
      const entries = await tryToEnter(batch)
      if (entries) return entries
    }
    throw new Error(`mode: has changed ${READINGS_MAX} times while a batch was entered: try again`)
  }

  async function tryToEnter(batch: readonly Arriving[]): Promise<Entry[] | undefined> {
    const { settingOf, latestEpoch } = await readModes(
      database,
      batch.map(({ request }) => request.tenant),
    )
    const requests = batch.map((item) => decide(item, settingOf(item.request.tenant)))
    const reserving = requests.map(({ request }) => reservedFor(request))
    // One statement is one transaction; quota needs several.
    return reserving.every((messages) => messages === 0)
      ? enterFree(database, requests, ownerOf(), latestEpoch)
      : database.transaction((runner) => enterReserving(runner, requests, reserving, ownerOf(), latestEpoch))
  }

  const entries = groupCommit<Arriving, Entry>({
    run,
    batchMax: BATCH_MESSAGES_MAX,
    // The quota account's lock lets one batch through at a time; a second one would only be a smaller one.
    inFlightMax: 1,
    weigh: ({ request }) => request.recipientMap.size,
  })
  return (arriving) => entries.add(arriving)
}

function decide({ request, ...rest }: Arriving, setting: ModeSetting): NewRequest {
  return { ...rest, request: { ...request, setting } }
}

function reservedFor(request: SmsRequest): number {
  let messages = 0
  for (const messageUuid of request.recipientMap.keys()) {
    if (reservesQuota(modeOf(request, messageUuid))) messages++
  }
  return messages
}

/** Undefined, as below: the mode has changed since it was read, and nothing was entered. */
async function enterFree(
  runner: Runner,
  requests: readonly NewRequest[],
  owner: number,
  latestEpoch: number,
): Promise<Entry[] | undefined> {
  const inserted = await insertRequests(runner, requests, owner, latestEpoch)
  return (
    inserted &&
    requests.map(({ request }) =>
      inserted.has(request.requestId) ? { kind: 'entered', request } : { kind: 'taken' },
    )
  )
}

async function enterReserving(
  runner: Runner,
  requests: readonly NewRequest[],
  reserving: readonly number[],
  owner: number,
  latestEpoch: number,
): Promise<Entry[] | undefined> {
  const tenants = requests.flatMap(({ request }, index) => (reserving[index] ? [request.tenant] : []))
  const rooms = new Map(
    (await runner.run(room, [[...new Set(tenants)]])).map((row) => [row.tenant, row.room]),
  )
  // In the order of arrival: each takes what the ones before it have left.
  const refused = new Map<NewRequest, Entry>()
  requests.forEach((item, index) => {
    const messages = reserving[index] ?? 0
    const left = rooms.get(item.request.tenant) ?? 0
    if (messages > left) refused.set(item, { kind: 'no_quota', messages, room: left })
    else if (messages > 0) rooms.set(item.request.tenant, left - messages)
  })
  const inserted = await insertRequests(
    runner,
    requests.filter((item) => !refused.has(item)),
    owner,
    latestEpoch,
  )
  if (!inserted) return undefined
  const totals = new Map<string, number>()
  requests.forEach(({ request }, index) => {
    if (!inserted.has(request.requestId)) return
    totals.set(request.tenant, (totals.get(request.tenant) ?? 0) + (reserving[index] ?? 0))
  })
  await runner.run(reserve, [[...totals.keys()], [...totals.values()]])
  return requests.map(
    (item) =>
      refused.get(item) ??
      (inserted.has(item.request.requestId) ? { kind: 'entered', request: item.request } : { kind: 'taken' }),
  )
}
