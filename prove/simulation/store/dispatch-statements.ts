// What takes claimed messages further, each statement under the name of its SQL file.
import { moveToLane, updateAuthority, updateGoLog } from './ledger.ts'
import { msOf } from './instants.ts'
import { column, scalar, type Parameters } from './parameters.ts'
import type { Statements } from './statements.ts'
import { byUuid, goLogKey, uuidOf, type Authority, type GoLog, type Tables } from './tables.ts'

export const dispatchStatements: Statements = {
  'authority/dispatch': (tables, parameters, now) => {
    const limit = scalar<number>(parameters, 1)
    const token = scalar<string>(parameters, 2)
    const isOpen = openNow(parameters, now)
    const slots = column<string>(parameters, 4)
      .map((lane, index) => ({ lane, priority: column<number>(parameters, 5)[index], index }))
      .filter(({ index }) => isNow(parameters, 7, index, now))
    const waiting = tables.authority.all().filter((row) => row.holder === 'go' && row.state === 'claimed')
    const picked = slots
      .flatMap(({ lane, priority }) =>
        waiting
          .filter(
            (row) =>
              row.lane === lane &&
              row.paced === scalar(parameters, 6) &&
              row.priority === priority &&
              row.not_before <= now &&
              isOpen(row.sending_window),
          )
          .toSorted((a, b) => a.not_before - b.not_before)
          .slice(0, limit),
      )
      .slice(0, limit)
    return picked.flatMap((row) => {
      const log = tables.goLogs.get(goLogKey(row.message_uuid, false))
      if (!log) return []
      if (row.valid_until !== null && row.valid_until <= now) {
        voidRow(tables, row, token, 'valid_until has passed', now)
        updateGoLog(
          tables,
          row.message_uuid,
          { status: 'void', reason: 'valid_until has passed', updated_at: now },
          now,
        )
        return []
      }
      const sent = updateAuthority(
        tables,
        row,
        {
          state: 'dispatched',
          attempt_token: token,
          attempts: row.attempts + 1,
          provider: scalar(parameters, 3),
          reason: null,
          dispatched_at: now,
        },
        now,
      )
      return [dispatchedRow(sent, log, now)]
    })
  },

  'authority/dispatched-under': (tables, parameters, now) =>
    tables.authority.all().flatMap((row) => {
      const isIt =
        row.holder === 'go' && row.state === 'dispatched' && row.attempt_token === scalar(parameters, 1)
      const log = tables.goLogs.get(goLogKey(row.message_uuid, false))
      return isIt && log ? [{ ...dispatchedRow(row, log, now), provider: row.provider }] : []
    }),

  'authority/dispatch-legacy': (tables, parameters, now) =>
    column<string>(parameters, 1).flatMap((uuid) => {
      const row = tables.authority.get(uuid)
      if (row?.holder !== 'legacy' || row.state !== 'claimed') return []
      const token = scalar<string>(parameters, 2)
      if (row.valid_until !== null && row.valid_until <= now) {
        voidRow(tables, row, token, 'valid_until has passed', now)
        return []
      }
      if (row.not_before > now) return []
      const change = {
        state: 'dispatched',
        attempt_token: token,
        attempts: row.attempts + 1,
        provider: scalar<string>(parameters, 3),
        reason: null,
        dispatched_at: now,
      } as const
      return [uuidOf(updateAuthority(tables, row, change, now))]
    }),

  'authority/expire-go': (tables, parameters, now) =>
    tables.authority
      .all()
      .filter((row) => row.holder === 'go' && row.state === 'claimed' && row.valid_until !== null)
      .filter((row) => (row.valid_until ?? now) <= now)
      .toSorted(byUuid)
      .slice(0, scalar<number>(parameters, 1))
      .flatMap((row) => {
        const reason = 'valid_until has passed'
        voidRow(tables, row, scalar(parameters, 2), reason, now)
        const isLogged = updateGoLog(
          tables,
          row.message_uuid,
          { status: 'void', reason, updated_at: now },
          now,
        )
        return isLogged ? [uuidOf(row)] : []
      }),

  'authority/expire-legacy': (tables, parameters, now) =>
    column<string>(parameters, 1).flatMap((uuid) => {
      const row = tables.authority.get(uuid)
      if (row?.holder !== 'legacy' || row.state !== 'claimed') return []
      voidRow(tables, row, scalar(parameters, 2), scalar(parameters, 3), now)
      return [uuidOf(row)]
    }),

  'authority/lanes': (tables) => {
    const claimed = tables.authority.all().filter((row) => row.holder === 'go' && row.state === 'claimed')
    return [...new Set(claimed.map(({ lane }) => lane))].toSorted().map((lane) => ({ lane }))
  },

  'authority/move-lane': (tables, parameters, now) => {
    const open = column<string>(parameters, 2)
    const paused = column<string>(parameters, 3)
    const stuck = column<string>(parameters, 4)
    return tables.authority
      .all()
      .filter((row) => row.holder === 'go' && row.state === 'claimed' && stuck.includes(row.lane))
      .filter((row) => row.not_before <= now)
      .filter((row) => !paused.includes(row.lane) || row.route.some((lane) => open.includes(lane)))
      .slice(0, scalar<number>(parameters, 1))
      .flatMap((row) => {
        const lane = row.route.find((one) => open.includes(one))
        if (lane === undefined && paused.includes(row.lane)) return []
        moveToLane(tables, row, lane ?? '')
        return [uuidOf(row)]
      })
  },
}

/** Whether the opening in columns `number` (opens) and the one behind it (closes) is now. */
function isNow(parameters: Parameters, number: number, index: number, now: number): boolean {
  const opens = msOf(column<string>(parameters, number)[index]) ?? Number.POSITIVE_INFINITY
  const closes = msOf(column<string>(parameters, number + 1)[index]) ?? Number.NEGATIVE_INFINITY
  return opens <= now && closes > now
}

/** Whether messages of a window may go; one that is not named binds nobody. */
function openNow(parameters: Parameters, now: number): (window: string) => boolean {
  const named = column<string>(parameters, 9)
  const open = column<string>(parameters, 10).filter((_name, index) => isNow(parameters, 11, index, now))
  return (window) => !named.includes(window) || open.includes(window)
}

function voidRow(tables: Tables, row: Authority, token: string, reason: string, now: number): void {
  const nobody = { state: 'void', holder: null, epoch: row.epoch + 1 } as const
  updateAuthority(tables, row, { ...nobody, attempt_token: token, reason, settled_at: now }, now)
}

function dispatchedRow(row: Authority, log: GoLog, now: number) {
  const { message_uuid, attempts, route, dispatched_at, valid_until } = row
  const { recipient, sender, body } = log
  const valid_ms = valid_until === null ? null : valid_until - now
  return {
    message_uuid,
    attempts,
    route: [...route],
    recipient,
    sender,
    body,
    dispatched_at_ms: dispatched_at,
    valid_ms,
  }
}
