// The three ways into the ledger and the look at it, each statement under the name of its SQL file.
import { insertAuthority, putGoLog } from './ledger.ts'
import { column, elementsOf, scalar } from './parameters.ts'
import type { Statements } from './statements.ts'
import { byUuid, goLogKey, type GoLog } from './tables.ts'

const msOf = (instant: string | null): number | null => (instant === null ? null : Date.parse(instant))

const fresh = {
  epoch: 1,
  attempts: 0,
  provider: null,
  provider_message_id: null,
  reason: null,
  dispatched_at: null,
  settled_at: null,
  lane: '',
  route: [],
  paced: '',
  priority: 1,
  valid_until: null,
} as const

const freshLog = {
  dry_run: false,
  provider: null,
  provider_message_id: null,
  reason: null,
  delivery_status: null,
  version: 0,
  report_at: null,
  report_tries: 0,
} as const

export const claimStatements: Statements = {
  'authority/accept': (tables, parameters, now) => {
    const token = scalar<string>(parameters, 5)
    const input = column<string>(parameters, 1).map((message_uuid, index) => ({
      message_uuid,
      recipient: column<string>(parameters, 2)[index] ?? '',
      sender: column<string | null>(parameters, 3)[index] ?? null,
      body: column<string>(parameters, 4)[index] ?? '',
      lane: column<string>(parameters, 6)[index] ?? '',
      route: elementsOf(column<string>(parameters, 7)[index] ?? '{}'),
      paced: column<string>(parameters, 8)[index] ?? '',
      priority: column<number>(parameters, 9)[index] ?? 1,
      send_at: msOf(column<string | null>(parameters, 10)[index] ?? null),
      valid_until: msOf(column<string | null>(parameters, 11)[index] ?? null),
    }))
    const claimed: string[] = []
    for (const one of input.toSorted(byUuid)) {
      if (tables.authority.get(one.message_uuid)) continue
      const { message_uuid, recipient, sender, body, lane, route, paced, priority, send_at, valid_until } =
        one
      insertAuthority(tables, {
        ...fresh,
        message_uuid,
        state: 'claimed',
        holder: 'go',
        attempt_token: token,
        claimed_at: now,
        not_before: Math.max(send_at ?? now, now),
        lane,
        route,
        paced,
        priority,
        valid_until,
      })
      const old = tables.goLogs.get(goLogKey(message_uuid, false))
      const row: GoLog = {
        ...freshLog,
        ...old,
        message_uuid,
        recipient,
        sender,
        body,
        status: 'accepted',
        reason: null,
        updated_at: now,
      }
      putGoLog(tables, row)
      claimed.push(message_uuid)
    }
    return claimed.map((message_uuid) => ({ message_uuid, is_claimed: true }))
  },

  'authority/claim-legacy': (tables, parameters, now) =>
    column<string>(parameters, 1)
      .toSorted()
      .flatMap((message_uuid) => {
        if (tables.authority.get(message_uuid)) return []
        insertAuthority(tables, {
          ...fresh,
          message_uuid,
          state: 'dispatched',
          holder: 'legacy',
          attempt_token: scalar(parameters, 2),
          attempts: 1,
          provider: scalar(parameters, 3),
          claimed_at: now,
          not_before: now,
          dispatched_at: now,
        })
        return [{ message_uuid }]
      }),

  'authority/give-up': (tables, parameters, now) =>
    column<string>(parameters, 1)
      .toSorted()
      .flatMap((message_uuid) => {
        if (tables.authority.get(message_uuid)) return []
        insertAuthority(tables, {
          ...fresh,
          message_uuid,
          state: 'void',
          holder: null,
          attempt_token: scalar(parameters, 2),
          reason: scalar(parameters, 3),
          claimed_at: now,
          not_before: now,
          settled_at: now,
        })
        return [{ message_uuid }]
      }),

  'authority/read': (tables, parameters) =>
    [...new Set(column<string>(parameters, 1))].flatMap((uuid) => {
      const row = tables.authority.get(uuid)
      if (!row) return []
      const { message_uuid, state, holder, epoch, attempt_token, provider, provider_message_id, reason } = row
      return [{ message_uuid, state, holder, epoch, attempt_token, provider, provider_message_id, reason }]
    }),
}
