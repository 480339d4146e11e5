import type { Mode, ModeSetting } from '../core/mode.ts'
import type { Database, Runner } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import type { MessageTerms } from './message-terms.ts'
import type { SmsRequest } from './sms-request.ts'

interface SettingRow {
  request_id: string
  tenant: string
  mode: Mode
  ramp_percent: number
  epoch: number
}

interface RequestRow extends SettingRow {
  idempotency_key: string | null
  content_sha256: Uint8Array
  body: string
  sender: string | null
  message_uuids: string[]
  recipients: string[]
  mentions: number[]
  priority: MessageTerms['priority']
  send_at: Date | null
  valid_until: Date | null
  segments_max: number | null
  owner: number
  answered: boolean
  answer: string | null
}

/** A request with what is known of its handling. */
export interface StoredRequest {
  readonly request: SmsRequest
  readonly contentSha256: Uint8Array
  readonly owner: number
  readonly answered: boolean
  /** The answer that was given, for requests with a key. */
  readonly answer: string | null
}

/** A request that is about to be recorded. */
export interface NewRequest {
  readonly request: SmsRequest
  readonly idempotencyKey: string | null
  readonly contentSha256: Uint8Array
  readonly reference: string | null
}

const insert = statement<{ request_id: string | null }>(import.meta.url, './sql/enter.sql')
const read = statement<RequestRow>(import.meta.url, './sql/read-request.sql')
const settings = statement<SettingRow>(import.meta.url, './sql/read-settings.sql')
const take = statement<{ request_id: string }>(import.meta.url, './sql/take-over.sql')

/**
 * Records new requests; returns the ids of those that were not there before. Undefined when the mode has changed
 * after `latestEpoch`, the last change their settings were read with: nothing was recorded.
 */
export async function insertRequests(
  runner: Runner,
  requests: readonly NewRequest[],
  owner: number,
  latestEpoch: number,
): Promise<Set<string> | undefined> {
  const column = <Value>(value: (item: NewRequest) => Value): Value[] => requests.map((item) => value(item))
  const rows = await runner.run(insert, [
    column(({ request }) => request.requestId),
    column(({ request }) => request.tenant),
    column((item) => item.idempotencyKey),
    column((item) => item.contentSha256),
    column(({ request }) => request.setting.mode),
    column(({ request }) => request.setting.rampPercent),
    column(({ request }) => request.setting.epoch),
    column(({ request }) => request.body),
    column(({ request }) => request.sender),
    column((item) => item.reference),
    // uuids, E.164 numbers and counts need no quotes in an array literal.
    column(({ request }) => `{${[...request.recipientMap.keys()].join(',')}}`),
    column(({ request }) => `{${[...request.recipientMap.values()].join(',')}}`),
    column(({ request }) => `{${[...request.mentions.values()].join(',')}}`),
    owner,
    column(({ request }) => request.terms.priority),
    column(({ request }) => request.terms.sendAt),
    column(({ request }) => request.terms.validUntil),
    column(({ request }) => request.terms.segmentsMax),
    latestEpoch,
  ])
  const ids = rows.map((row) => row.request_id)
  return ids.includes(null) ? undefined : new Set(ids.filter((id) => id !== null))
}

/** The request with this id, else the one under this tenant's key. */
export async function readRequest(
  database: Database,
  requestId: string | null,
  tenant: string | null = null,
  idempotencyKey: string | null = null,
): Promise<StoredRequest | undefined> {
  const rows = await database.run(read, [requestId, tenant, idempotencyKey])
  const row = rows.find((candidate) => candidate.request_id === requestId) ?? rows[0]
  return row && toStored(row)
}

/** The settings under which these requests were recorded, by id; an unknown id is absent. */
export async function readSettings(
  runner: Runner,
  requestIds: readonly string[],
): Promise<Map<string, ModeSetting>> {
  const rows = await runner.run(settings, [requestIds])
  return new Map(rows.map((row) => [row.request_id, settingOf(row)]))
}

/** Becomes the owner of an unanswered request. False when somebody else was faster. */
export async function takeOver(
  database: Database,
  requestId: string,
  from: number,
  to: number,
): Promise<boolean> {
  return (await database.run(take, [requestId, from, to])).length > 0
}

function toStored(row: RequestRow): StoredRequest {
  const pairs = row.message_uuids.map((uuid, index) => [uuid, row.recipients[index] ?? ''] as const)
  return {
    request: {
      requestId: row.request_id,
      tenant: row.tenant,
      setting: settingOf(row),
      body: row.body,
      sender: row.sender,
      messageUuidMap: new Map(pairs.map(([uuid, recipient]) => [recipient, uuid])),
      recipientMap: new Map(pairs),
      mentions: new Map(row.recipients.map((recipient, index) => [recipient, row.mentions[index] ?? 1])),
      keyed: row.idempotency_key !== null,
      terms: {
        priority: row.priority,
        sendAt: row.send_at?.toISOString() ?? null,
        validUntil: row.valid_until?.toISOString() ?? null,
        segmentsMax: row.segments_max,
      },
    },
    contentSha256: row.content_sha256,
    owner: row.owner,
    answered: row.answered,
    answer: row.answer,
  }
}

function settingOf({ tenant, mode, ramp_percent, epoch }: SettingRow): ModeSetting {
  return { scope: tenant, mode, rampPercent: ramp_percent, epoch }
}
