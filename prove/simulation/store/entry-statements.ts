// The gateway's statements about requests, quota room and mode, each under the name of its SQL file.
import { putAccount } from './accounts.ts'
import { column, elementsOf, scalar } from './parameters.ts'
import type { Statements } from './statements.ts'
import type { ModeChange, QuotaAccount, Tables } from './tables.ts'

export const entryStatements: Statements = {
  'gateway/enter': (tables, parameters, now) => {
    const at = (number: number, index: number) => column<never>(parameters, number)[index] as never
    return column<string>(parameters, 1).flatMap((request_id, index) => {
      const tenant = at(2, index)
      const idempotency_key = at(3, index)
      const isTaken =
        tables.requests.get(request_id) ||
        (idempotency_key !== null &&
          tables.requests
            .all()
            .some((row) => row.tenant === tenant && row.idempotency_key === idempotency_key))
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
      .map(({ received_at: _received, answered_at, ...row }) => ({ ...row, answered: answered_at !== null })),

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
      .map(({ request_id, owner, idempotency_key, received_at }) => ({
        request_id,
        owner,
        keyed: idempotency_key !== null,
        too_old: received_at < now - scalar<number>(parameters, 2),
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

  'gateway/is-gone': (tables, parameters) => [{ free: !tables.locks.has(scalar(parameters, 2)) }],
}

const KEY_KEPT_MS = 30 * 24 * 3_600_000

function accountsOf(tables: Tables, tenants: readonly string[]): QuotaAccount[] {
  return [...new Set(tenants)].toSorted().flatMap((tenant) => tables.accounts.get(tenant) ?? [])
}

export const modeStatements: Statements = {
  'gateway/mode-in-force': (tables, parameters) =>
    column<string>(parameters, 1).flatMap((scope) => {
      const latest = tables.modes
        .all()
        .filter((row) => row.scope === scope)
        .toSorted((a, b) => b.epoch - a.epoch)[0]
      return latest ? [modeRow(latest)] : []
    }),

  'gateway/change-mode': (tables, parameters, now) => {
    const row: ModeChange = {
      epoch: tables.modes.size + 1,
      scope: scalar(parameters, 1),
      mode: scalar(parameters, 2),
      ramp_percent: scalar(parameters, 3),
      reason: scalar(parameters, 4),
      changed_at: now,
    }
    tables.modes.put(String(row.epoch), row)
    return [modeRow(row)]
  },
}

const modeRow = ({ changed_at, ...row }: ModeChange) => ({ ...row, changed_at: new Date(changed_at) })
