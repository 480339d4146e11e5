// Handing messages back to the legacy side, each statement under the name of its SQL file.
import { duePage, textOf } from './instants.ts'
import { updateAuthority, updateGoLog } from './ledger.ts'
import { column, scalar } from './parameters.ts'
import type { Statements } from './statements.ts'
import { byUuid, uuidOf, type Authority } from './tables.ts'

export const handOverStatements: Statements = {
  'authority/hand-back': (tables, parameters, now) => {
    const wanted = column<string>(parameters, 1)
    const token = scalar<string>(parameters, 2)
    const reason = scalar<string>(parameters, 3)
    const rows = tables.authority.all().filter((row) => wanted.includes(row.message_uuid))
    // By an earlier run under this token: both halves see what was there before.
    const earlier = rows.filter((row) => row.holder === 'legacy' && row.attempt_token === token)
    const handed = rows
      .filter((row) => row.holder === 'go' && row.state === 'claimed')
      .toSorted(byUuid)
      .filter((row) => {
        const change = { holder: 'legacy', epoch: row.epoch + 1, attempt_token: token, reason } as const
        updateAuthority(tables, row, change, now)
        const log = { status: 'handed_back', reason, report_at: null, updated_at: now }
        return updateGoLog(tables, row.message_uuid, log, now)
      })
    return [...earlier, ...handed].map(uuidOf)
  },

  'authority/handed-back': (tables, parameters, now) => {
    const last = { due_at: scalar<string>(parameters, 1), message_uuid: scalar<string>(parameters, 2) }
    const rows = tables.authority
      .all()
      .filter((row) => row.holder === 'legacy' && row.state === 'claimed')
      .map((row) => ({ ...row, atMs: row.not_before }))
    return duePage(rows, now, last, scalar(parameters, 3)).map((row) => ({
      message_uuid: row.message_uuid,
      due_at: textOf(row.atMs),
      late: isLate(row, now),
    }))
  },

  'authority/held-by-go': (tables, parameters, now) =>
    tables.authority
      .all()
      .filter((row) => row.holder === 'go' && row.state === scalar(parameters, 1))
      .filter((row) => row.message_uuid > scalar<string>(parameters, 2))
      .toSorted(byUuid)
      .slice(0, scalar<number>(parameters, 3))
      .map((row) => ({
        message_uuid: row.message_uuid,
        scheduled: row.attempts === 0 && row.not_before > now,
        tried: row.attempts > 0,
        late: isLate(row, now),
      })),
}

const isLate = ({ valid_until }: Authority, now: number): boolean =>
  valid_until !== null && valid_until <= now
