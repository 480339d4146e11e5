// The gateway's statements about requests and quota room, each under the name of its SQL file.
import { putAccount } from './accounts.ts'
import { msOf } from './instants.ts'
import { check, column, elementsOf, scalar } from './parameters.ts'
import type { Statements } from './statements.ts'
import type { QuotaAccount, Tables } from './tables.ts'

export const entryStatements: Statements = {
  'gateway/enter': (tables, parameters, now) => {
    const at = (number: number, index: number) => column<never>(parameters, number)[index] as never
    // The one row without an id: the mode has changed since it was read.
    const readUpTo = scalar<number>(parameters, 19)
    if (tables.modes.all().some(({ epoch }) => epoch > readUpTo)) return [{ request_id: null }]
    return column<string>(parameters, 1).flatMap((request_id, index) => {
      const tenant = at(2, index)
      const idempotency_key = at(3, index)
      const isTaken =
        tables.requests.get(request_id) ||
        (idempotency_key !== null &&
          tables.requests
            .all()
            .some((row) => row.tenant === tenant && row.idempotency_key === idempotency_key))
      const send_at = msOf(at(16, index))
      const valid_until = msOf(at(17, index))
      const isInOrder = send_at === null || valid_until === null || valid_until > send_at
      check(isInOrder, 'ends_after_it_may_begin')
      if (isTaken) return []
      tables.requests.put(request_id, {
        request_id,
        tenant,
        idempotency_key,
        content_sha256: at(4, index),
        mode: at(5, index),
        ramp_percent: at(6, index),
        epoch: at(7, index),
        body: at(8, index),
        sender: at(9, index),
        message_uuids: elementsOf(at(11, index)),
        recipients: elementsOf(at(12, index)),
        mentions: elementsOf(at(13, index)).map(Number),
        priority: at(15, index),
        send_at,
        valid_until,
        segments_max: at(18, index),
        owner: scalar(parameters, 14),
        received_at: now,
        answered_at: null,
        answer: null,
      })
      return [{ request_id }]
    })
  },

  'gateway/read-request': (tables, parameters) =>
    tables.requests
      .all()
      .filter(
        (row) =>
          row.request_id === parameters[0] ||
          (row.tenant === parameters[1] &&
            row.idempotency_key !== null &&
            row.idempotency_key === parameters[2]),
      )
      .map(({ received_at: _received, answered_at, send_at, valid_until, ...row }) => ({
        ...row,
        send_at: dateOf(send_at),
        valid_until: dateOf(valid_until),
        answered: answered_at !== null,
      })),

  'gateway/read-settings': (tables, parameters) =>
    column<string>(parameters, 1).flatMap((id) => {
      const row = tables.requests.get(id)
      if (!row) return []
      const { request_id, tenant, mode, ramp_percent, epoch } = row
      return [{ request_id, tenant, mode, ramp_percent, epoch }]
    }),

  'gateway/take-over': (tables, parameters) => {
    const row = tables.requests.get(scalar(parameters, 1))
    if (!row || row.owner !== parameters[1] || row.answered_at !== null) return []
    tables.requests.put(row.request_id, { ...row, owner: scalar(parameters, 3) })
    return [{ request_id: row.request_id }]
  },

  'gateway/left-requests': (tables, parameters, now) =>
    tables.requests
      .all()
      .filter((row) => row.answered_at === null && row.received_at < now - scalar<number>(parameters, 1))
      .toSorted((a, b) => a.received_at - b.received_at)
      .slice(0, scalar<number>(parameters, 3))
      .map(({ request_id, owner, idempotency_key, received_at, send_at }) => ({
        request_id,
        owner,
        keyed: idempotency_key !== null,
        too_old: received_at < now - scalar<number>(parameters, 2) || (send_at !== null && send_at <= now),
      })),

  'gateway/forget-keys': (tables, _parameters, now) =>
    tables.requests
      .all()
      .filter((row) => row.idempotency_key !== null && row.answered_at !== null)
      .filter((row) => row.received_at < now - KEY_KEPT_MS)
      .map((row) => {
        tables.requests.put(row.request_id, { ...row, idempotency_key: null, answer: null })
        return { request_id: row.request_id }
      }),

  'gateway/quota-room': (tables, parameters) =>
    accountsOf(tables, column<string>(parameters, 1)).map(({ tenant, quota_limit, used, reserved }) => ({
      tenant,
      room: quota_limit - used - reserved,
    })),

  'gateway/reserve-quota': (tables, parameters) =>
    column<string>(parameters, 1).flatMap((tenant, index) => {
      const account = tables.accounts.get(tenant)
      if (!account) return []
      const messages = column<number>(parameters, 2)[index] ?? 0
      putAccount(tables, { ...account, reserved: account.reserved + messages })
      return [{ tenant }]
    }),

  'gateway/clock': (_tables, _parameters, now) => [{ now_ms: now }],

  'gateway/is-gone': (tables, parameters) => [{ free: !tables.locks.has(scalar(parameters, 2)) }],
}

const dateOf = (ms: number | null): Date | null => (ms === null ? null : new Date(ms))

const KEY_KEPT_MS = 30 * 24 * 3_600_000

function accountsOf(tables: Tables, tenants: readonly string[]): QuotaAccount[] {
  return [...new Set(tenants)].toSorted().flatMap((tenant) => tables.accounts.get(tenant) ?? [])
}
