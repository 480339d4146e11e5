// The gateway's statements about what became of messages, each under the name of its SQL file.
import { putAccount } from './accounts.ts'
import { logAnswer } from './sms-logs.ts'
import { msOf } from './instants.ts'
import {
  CARDINALITY_VIOLATION,
  column,
  FOREIGN_KEY_VIOLATION,
  scalar,
  serverError,
  type Parameters,
} from './parameters.ts'
import type { Statements } from './statements.ts'
import { smsLogKey, type SmsLog, type StoredRequest, type Tables } from './tables.ts'

export const recordStatements: Statements = {
  'gateway/record-answer': (tables, parameters, now) => {
    const decided = column<string>(parameters, 1)
    // All parts see what was there before the statement.
    const rows = decided.map((_uuid, index) => smsLogOf(tables, parameters, index))
    for (const row of rows) logUnlessLate(tables, row)
    settleQuota(tables, parameters)
    const resolved = decided.filter((uuid, index) => {
      const noted = tables.unresolved.get(uuid)
      return noted && !(noted.handed_back && column<string>(parameters, 2)[index] === 'go')
    })
    noteUnresolved(tables, parameters, now)
    for (const uuid of resolved) tables.unresolved.remove(uuid)
    column<string>(parameters, 20).forEach((requestId, index) => {
      const row = tables.requests.get(requestId)
      if (!row || row.answered_at !== null) return
      tables.requests.put(requestId, answered(row, column<string | null>(parameters, 21)[index] ?? null, now))
    })
    return []
  },

  'gateway/unresolved-messages': (tables, parameters, now) =>
    tables.unresolved
      .all()
      .filter((row) => row.due_at === null)
      .toSorted((a, b) => a.noted_at - b.noted_at)
      .slice(0, scalar<number>(parameters, 2))
      .map(({ message_uuid, request_id, fallback, unspent_token, handed_back, noted_at }) => ({
        message_uuid,
        request_id,
        fallback,
        unspent_token,
        handed_back,
        too_old: noted_at < now - scalar<number>(parameters, 1) && !wasScheduled(tables, request_id),
      })),

  'gateway/log-resolved': (tables, parameters) => {
    const key = smsLogKey(scalar(parameters, 1), 'legacy', false)
    const row = tables.smsLogs.get(key)
    if (row?.status !== 'in_doubt') return []
    const provider_message_id = scalar<string | null>(parameters, 3) ?? row.provider_message_id
    tables.smsLogs.put(key, {
      ...row,
      status: scalar(parameters, 2),
      provider_message_id,
      reason: scalar(parameters, 4),
    })
    return [{ message_uuid: row.message_uuid }]
  },

  'gateway/record-reports': (tables, parameters) => {
    const unknown: { message_uuid: string }[] = []
    column<string>(parameters, 1).forEach((message_uuid, index) => {
      const key = smsLogKey(message_uuid, 'go', false)
      const row = tables.smsLogs.get(key)
      if (!row) return unknown.push({ message_uuid })
      const version = column<number>(parameters, 2)[index] ?? 0
      if (row.delivery_version >= version || row.delivery_status === 'handed_back') return undefined
      const delivery_status = column<string>(parameters, 3)[index] ?? null
      const provider_message_id = column<string | null>(parameters, 4)[index] ?? row.provider_message_id
      tables.smsLogs.put(key, { ...row, delivery_status, provider_message_id, delivery_version: version })
      return undefined
    })
    return unknown
  },
}

function smsLogOf(tables: Tables, parameters: Parameters, index: number): SmsLog {
  const at = (number: number) => column<never>(parameters, number)[index] as never
  return {
    message_uuid: at(1),
    source: at(2),
    dry_run: false,
    status: at(3),
    provider_message_id: at(4),
    request_id: at(5),
    tenant: at(6),
    recipient: at(7),
    mode: at(8),
    epoch: at(9),
    fallback: at(10),
    reason: at(11),
    delivery_status: null,
    delivery_version: 0,
    handed_back:
      at(2) === 'legacy' && (tables.unresolved.get(at(1))?.handed_back === true || isAccepted(tables, at(1))),
    service_would: null,
    legacy_did: null,
  }
}

function isAccepted({ smsLogs }: Tables, messageUuid: string): boolean {
  const status = smsLogs.get(smsLogKey(messageUuid, 'go', false))?.status
  return status === 'accepted' || status === 'duplicate'
}

/** What was rejected is not logged as failed too. A verdict that comes after the legacy side's row is left out; one that stands before it was handed back. */
function logUnlessLate(tables: Tables, row: SmsLog): void {
  const { message_uuid, source } = row
  const key = smsLogKey(message_uuid, 'go', false)
  const verdict = tables.smsLogs.get(key)
  if (source === 'go' && tables.smsLogs.get(smsLogKey(message_uuid, 'legacy', false))) return
  if (source === 'legacy' && row.status === 'failed' && verdict?.status === 'rejected') return
  if (source === 'legacy' && verdict && isAccepted(tables, message_uuid))
    tables.smsLogs.put(key, { ...verdict, delivery_status: 'handed_back' })
  logAnswer(tables, row)
}

function settleQuota(tables: Tables, parameters: Parameters): void {
  const settled = column<string>(parameters, 12).flatMap((message_uuid, index) => {
    if (tables.settlements.get(message_uuid)) return []
    const tenant = column<string>(parameters, 13)[index] ?? ''
    const charged = column<boolean>(parameters, 14)[index] ?? false
    tables.settlements.put(message_uuid, { message_uuid, tenant, charged })
    return [{ tenant, charged }]
  })
  for (const [tenant, rows] of Map.groupBy(settled, (row) => row.tenant)) {
    const account = tables.accounts.get(tenant)
    const charged = rows.filter((row) => row.charged).length
    if (!account) continue
    putAccount(tables, { ...account, reserved: account.reserved - rows.length, used: account.used + charged })
  }
}

function noteUnresolved(tables: Tables, parameters: Parameters, now: number): void {
  const pending = column<string>(parameters, 15)
  if (new Set(pending).size < pending.length) {
    throw serverError(CARDINALITY_VIOLATION, 'unresolved_messages: a row cannot be affected a second time')
  }
  pending.forEach((message_uuid, index) => {
    const due_at = msOf(column<string | null>(parameters, 22)[index])
    const old = tables.unresolved.get(message_uuid)
    if (old) {
      const reason = column<string>(parameters, 18)[index] ?? ''
      if (old.due_at === null && due_at !== null)
        tables.unresolved.put(message_uuid, { ...old, due_at, reason })
      return
    }
    const request_id = column<string>(parameters, 16)[index] ?? ''
    if (!tables.requests.get(request_id)) {
      throw serverError(FOREIGN_KEY_VIOLATION, 'unresolved_messages: the request is not there')
    }
    tables.unresolved.put(message_uuid, {
      message_uuid,
      request_id,
      fallback: column<string | null>(parameters, 17)[index] ?? null,
      reason: column<string>(parameters, 18)[index] ?? '',
      unspent_token: column<string | null>(parameters, 19)[index] ?? null,
      noted_at: now,
      due_at,
      handed_back: false,
    })
  })
}

function wasScheduled({ requests }: Tables, requestId: string): boolean {
  const { send_at, received_at } = requests.get(requestId) ?? { send_at: null, received_at: 0 }
  return send_at !== null && send_at > received_at
}

const answered = (row: StoredRequest, answer: string | null, now: number): StoredRequest => ({
  ...row,
  answered_at: now,
  answer,
})
