// The three ways into the ledger and the look at it, each statement under the name of its SQL file.
import { insertAuthority, putGoLog } from './ledger.ts'
import { msOf } from './instants.ts'
import { column, elementsOf, scalar } from './parameters.ts'
import type { Statements } from './statements.ts'
import { byUuid, goLogKey, type GoLog } from './tables.ts'

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
  sending_window: '',
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
      send_at: msOf(column<string | null>(parameters, 10)[index]),
      valid_until: msOf(column<string | null>(parameters, 11)[index]),
      sending_window: column<string>(parameters, 12)[index] ?? '',
    }))
    const claimed: string[] = []
    for (const one of input.toSorted(byUuid)) {
      if (tables.authority.get(one.message_uuid)) continue
      const { message_uuid, recipient, sender, body, send_at, ...rest } = one
      const claim = { ...fresh, ...rest, message_uuid, state: 'claimed', holder: 'go' } as const
      const times = { claimed_at: now, not_before: Math.max(send_at ?? now, now) }
      insertAuthority(tables, { ...claim, ...times, attempt_token: token }, now)
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
      .map((message_uuid, index) => ({
        message_uuid,
        send_at: msOf(column<string | null>(parameters, 4)[index]),
        valid_until: msOf(column<string | null>(parameters, 5)[index]),
      }))
      .toSorted(byUuid)
      .flatMap(({ message_uuid, send_at, valid_until }) => {
        if (tables.authority.get(message_uuid)) return []
        const isLate = valid_until !== null && valid_until <= now
        const state = isLate ? 'void' : send_at !== null && send_at > now ? 'claimed' : 'dispatched'
        const isDispatched = state === 'dispatched'
        const claim = {
          ...fresh,
          message_uuid,
          state,
          holder: isLate ? null : 'legacy',
          attempt_token: scalar<string>(parameters, 2),
          attempts: isDispatched ? 1 : 0,
          provider: isDispatched ? scalar<string>(parameters, 3) : null,
          reason: isLate ? 'valid_until has passed' : null,
          claimed_at: now,
          not_before: Math.max(send_at ?? now, now),
          valid_until,
          dispatched_at: isDispatched ? now : null,
          settled_at: isLate ? now : null,
        } as const
        insertAuthority(tables, claim, now)
        return [{ message_uuid, is_dispatched: isDispatched }]
      }),

  'authority/give-up': (tables, parameters, now) =>
    column<string>(parameters, 1)
      .toSorted()
      .flatMap((message_uuid) => {
        if (tables.authority.get(message_uuid)) return []
        const times = { claimed_at: now, not_before: now, settled_at: now }
        const why = { attempt_token: scalar<string>(parameters, 2), reason: scalar<string>(parameters, 3) }
        insertAuthority(
          tables,
          { ...fresh, ...times, ...why, message_uuid, state: 'void', holder: null },
          now,
        )
        return [{ message_uuid }]
      }),

  'authority/read': (tables, parameters, now) =>
    [...new Set(column<string>(parameters, 1))].flatMap((uuid) => {
      const row = tables.authority.get(uuid)
      if (!row) return []
      const { message_uuid, state, holder, epoch, attempt_token, provider, provider_message_id, reason } = row
      const held_until = state === 'claimed' && row.not_before > now ? new Date(row.not_before) : null
      return [
        {
          message_uuid,
          state,
          holder,
          epoch,
          attempt_token,
          provider,
          provider_message_id,
          reason,
          held_until,
        },
      ]
    }),
}
