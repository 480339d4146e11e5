// The ledger's statements about what became of attempts, each under the name of its SQL file.
import { insertCheck, updateAuthority, updateGoLog } from './ledger.ts'
import { column, scalar, type Parameters } from './parameters.ts'
import type { Statements } from './statements.ts'
import { byUuid, checkKey, goLogKey, uuidOf, type Authority, type Tables } from './tables.ts'

function settle(tables: Tables, parameters: Parameters, holder: 'go' | 'legacy', now: number): Authority[] {
  return column<string>(parameters, 1).flatMap((uuid, index) => {
    const row = tables.authority.get(uuid)
    if (row?.holder !== holder || row.state !== 'dispatched') return []
    if (row.attempt_token !== column<string>(parameters, 2)[index]) return []
    const state = column<Authority['state']>(parameters, 3)[index] ?? 'in_doubt'
    const change = {
      state,
      provider_message_id: column<string | null>(parameters, 4)[index] ?? null,
      reason: column<string | null>(parameters, 5)[index] ?? null,
      settled_at: state === 'in_doubt' ? null : now,
    }
    return [updateAuthority(tables, row, change, now)]
  })
}

function overdue(tables: Tables, parameters: Parameters, holder: 'go' | 'legacy', now: number): Authority[] {
  return tables.authority
    .all()
    .filter((row) => row.holder === holder && row.state === 'dispatched')
    .filter((row) => (row.dispatched_at ?? now) < now - scalar<number>(parameters, 1))
    .toSorted(byUuid)
    .slice(0, scalar<number>(parameters, 2))
    .map((row) =>
      updateAuthority(tables, row, { state: 'in_doubt', reason: 'no outcome was recorded in time' }, now),
    )
}

export const outcomeStatements: Statements = {
  'authority/settle-legacy': (tables, parameters, now) =>
    settle(tables, parameters, 'legacy', now).map(uuidOf),

  'authority/settle-go': (tables, parameters, now) =>
    settle(tables, parameters, 'go', now).flatMap((row) => {
      const { state: status, provider, provider_message_id, reason } = row
      const change = { status, provider, provider_message_id, reason, updated_at: now }
      return updateGoLog(tables, row.message_uuid, change, now) ? [uuidOf(row)] : []
    }),

  'authority/flag-legacy': (tables, parameters, now) =>
    overdue(tables, parameters, 'legacy', now).map(uuidOf),

  'authority/flag-go': (tables, parameters, now) =>
    overdue(tables, parameters, 'go', now).flatMap((row) => {
      const change = { status: 'in_doubt', provider: row.provider, reason: row.reason, updated_at: now }
      return updateGoLog(tables, row.message_uuid, change, now) ? [uuidOf(row)] : []
    }),

  'authority/prove': (tables, parameters) => {
    const row = sent(tables, parameters)
    if (!row) return []
    const { message_uuid, attempt_token, state: from_state } = row
    const to_state = scalar<string>(parameters, 3)
    const kind = scalar<string>(parameters, 4)
    tables.proofs.put(`${tables.proofs.size}`, { message_uuid, attempt_token, from_state, to_state, kind })
    return [{ message_uuid }]
  },

  'authority/settle-proven': (tables, parameters, now) => {
    const row = sent(tables, parameters)
    if (!row) return []
    const state = scalar<Authority['state']>(parameters, 3)
    const change = {
      state,
      provider_message_id: scalar<string | null>(parameters, 4) ?? row.provider_message_id,
      reason: scalar<string | null>(parameters, 5),
      settled_at: state === 'sent' || state === 'refused' ? now : null,
      not_before: now + scalar<number>(parameters, 6),
      lane: scalar<string | null>(parameters, 7) ?? row.lane,
    }
    const { message_uuid, holder } = updateAuthority(tables, row, change, now)
    return [{ message_uuid, holder }]
  },

  'authority/log-proven': (tables, parameters, now) => {
    const message_uuid = scalar<string>(parameters, 1)
    const old = tables.goLogs.get(goLogKey(message_uuid, false))
    if (!old) return []
    const to = scalar<string>(parameters, 2)
    const change = {
      status: to === 'claimed' ? 'accepted' : to,
      provider_message_id: scalar<string | null>(parameters, 3) ?? old.provider_message_id,
      reason: scalar<string | null>(parameters, 4),
      updated_at: now,
    }
    updateGoLog(tables, message_uuid, change, now)
    return [{ message_uuid }]
  },

  'authority/begin-checks': (tables, parameters, now) => {
    const firstPauseMs = scalar<number>(parameters, 7)
    const due = column<string>(parameters, 2).flatMap((provider, index) => {
      const windowMs = column<number>(parameters, 4)[index] ?? 0
      const requestMs = column<number>(parameters, 5)[index] ?? 0
      const checksMax = column<number>(parameters, 6)[index] ?? 0
      return inDoubtAt(tables, provider).flatMap((row) => {
        if ((row.dispatched_at ?? 0) <= now - (windowMs - requestMs)) return []
        const last = lastCheck(tables, row)
        const isOver = last && (last.ended_at !== null || last.gives_up_at < now)
        const isDue =
          !last ||
          (last.number < checksMax && isOver && last.started_at < now - firstPauseMs * 2 ** (last.number - 1))
        if (!isDue) return []
        const kind = column<string>(parameters, 3)[index] ?? ''
        return [{ row, kind, number: (last?.number ?? 0) + 1, requestMs, provider }]
      })
    })
    return due
      .toSorted((a, b) => byUuid(a.row, b.row))
      .slice(0, scalar<number>(parameters, 1))
      .flatMap(
        ({ row: { message_uuid, attempt_token, dispatched_at }, kind, number, requestMs, provider }) => {
          const key = checkKey(message_uuid, attempt_token, number)
          const times = { started_at: now, gives_up_at: now + requestMs, ended_at: null, result: null }
          insertCheck(tables, { message_uuid, attempt_token, number, kind, provider, ...times }, key)
          const log = tables.goLogs.get(goLogKey(message_uuid, false))
          if (!log) return []
          const { recipient, sender, body } = log
          const begun = { message_uuid, attempt_token, number, kind, provider, recipient, sender, body }
          return [{ ...begun, dispatched_at_ms: dispatched_at }]
        },
      )
  },

  'authority/end-check': (tables, parameters, now) => {
    const message_uuid = scalar<string>(parameters, 1)
    const key = checkKey(message_uuid, scalar(parameters, 2), scalar(parameters, 3))
    const old = tables.checks.get(key)
    if (!old || old.ended_at !== null) return []
    tables.checks.put(key, { ...old, ended_at: now, result: scalar(parameters, 4) })
    return [{ message_uuid }]
  },
}

function sent(tables: Tables, parameters: Parameters): Authority | undefined {
  const row = tables.authority.get(scalar(parameters, 1))
  if (!row || row.attempt_token !== scalar(parameters, 2)) return undefined
  return row.state === 'dispatched' || row.state === 'in_doubt' ? row : undefined
}

function inDoubtAt(tables: Tables, provider: string): Authority[] {
  return tables.authority
    .all()
    .filter((row) => row.holder === 'go' && row.state === 'in_doubt' && row.provider === provider)
}

function lastCheck({ checks }: Tables, { message_uuid, attempt_token }: Authority) {
  return checks
    .all()
    .filter((one) => one.message_uuid === message_uuid && one.attempt_token === attempt_token)
    .toSorted((a, b) => b.number - a.number)[0]
}
