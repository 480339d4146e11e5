// The ledger's wall: what its triggers and check constraints refuse, whoever asks.
import { check, BEING_REPLAYED, GUARD, serverError } from './parameters.ts'
import { goLogKey, type Authority, type Check, type GoLog, type Tables } from './tables.ts'

export type Change = { readonly [Field in keyof Authority]?: Authority[Field] }

const refuse = (message: string) => serverError(GUARD, `ledger: ${message}`)

export function insertAuthority(tables: Tables, row: Authority, now: number): void {
  const begins =
    (row.state === 'claimed' && (row.holder === 'go' || (row.holder === 'legacy' && row.not_before > now))) ||
    (row.state === 'dispatched' && row.holder === 'legacy') ||
    row.state === 'void'
  if (row.epoch !== 1 || !begins) throw refuse(`message cannot begin as ${row.state} of ${row.holder}`)
  guardTimes(row, now)
  checkAuthority(row)
  store(tables, null, row)
}

/** An update that names other columns than those of the lane: the wall looks at it. */
export function updateAuthority(tables: Tables, old: Authority, change: Change, now: number): Authority {
  const row = { ...old, ...change }
  guardAuthority(tables, old, row)
  if ('lane' in change || 'not_before' in change) guardLane(old, row)
  if (old.state === 'in_doubt' && (row.state === 'claimed' || row.state === 'refused')) {
    guardReplayed(tables, old, row, now)
  }
  if (row.state !== old.state) guardTimes(row, now)
  checkAuthority(row)
  store(tables, old, row)
  return row
}

export function moveToLane(tables: Tables, old: Authority, lane: string): void {
  const row = { ...old, lane }
  guardLane(old, row)
  store(tables, old, row)
}

function store({ authority, steps, journal }: Tables, from: Authority | null, to: Authority): void {
  authority.put(to.message_uuid, to)
  steps.push({ from, to })
  journal.push(() => {
    steps.pop()
  })
}

const after = {
  claimed: ['dispatched', 'void'],
  dispatched: ['sent', 'refused', 'in_doubt', 'claimed'],
  in_doubt: ['sent', 'refused', 'claimed'],
  sent: [],
  refused: [],
  void: [],
} as const satisfies Record<Authority['state'], readonly string[]>

function guardAuthority({ proofs }: Tables, old: Authority, row: Authority): void {
  const steps: readonly string[] = after[old.state]
  const isHandedOver = row.holder !== old.holder
  if (!steps.includes(row.state) && !(old.state === 'claimed' && isHandedOver)) {
    throw refuse(`message cannot go from ${old.state} to ${row.state}`)
  }
  guardHolder(old, row)
  const isDispatch = row.state === 'dispatched'
  if (isDispatch && (row.attempt_token === old.attempt_token || row.attempts !== old.attempts + 1)) {
    throw refuse('dispatch of message needs a token of its own')
  }
  const wasSent = old.state === 'dispatched' || old.state === 'in_doubt'
  if (wasSent && row.attempt_token !== old.attempt_token) throw refuse('message is under another attempt')
  if (old.state === 'in_doubt' || (old.state === 'dispatched' && row.state === 'claimed')) {
    const isProven = proofs
      .all()
      .some(
        (proof) =>
          proof.message_uuid === old.message_uuid &&
          proof.attempt_token === old.attempt_token &&
          proof.to_state === row.state,
      )
    if (!isProven) throw refuse(`message cannot leave ${old.state} for ${row.state} without a stored proof`)
  }
}

function guardHolder(old: Authority, row: Authority): void {
  if (row.holder === old.holder) {
    if (row.epoch !== old.epoch) throw refuse('message cannot change epoch without a change of holder')
    return
  }
  const isHandBack = row.state === 'claimed' && old.holder === 'go' && row.holder === 'legacy'
  if (old.state !== 'claimed' || row.epoch !== old.epoch + 1 || !(row.state === 'void' || isHandBack)) {
    throw refuse(`message cannot go from holder ${old.holder} to ${row.holder}`)
  }
}

function guardLane(old: Authority, row: Authority): void {
  if (old.state !== 'claimed' && row.state === old.state) throw refuse('only a claimed message changes lanes')
}

/** Never early, never late, by the server's clock. */
function guardTimes({ state, not_before, valid_until }: Authority, now: number): void {
  if (state !== 'dispatched') return
  if (not_before > now || (valid_until !== null && valid_until <= now))
    throw refuse('message cannot be dispatched now')
}

function guardReplayed({ checks, proofs }: Tables, old: Authority, row: Authority, now: number): void {
  const isOfAttempt = (one: { message_uuid: string; attempt_token: string }) =>
    one.message_uuid === old.message_uuid && one.attempt_token === old.attempt_token
  const replays = checks.all().filter((one) => isOfAttempt(one) && one.kind === 'replay')
  if (replays.some((one) => one.ended_at === null && one.gives_up_at > now)) {
    throw serverError(BEING_REPLAYED, 'ledger: a replay may be on its way')
  }
  const isDecided = (kind: string, to: string) => kind === 'operator' && to === row.state
  if (
    replays.length > 0 &&
    !proofs.all().some((one) => isOfAttempt(one) && isDecided(one.kind, one.to_state))
  ) {
    throw refuse('message was replayed: only a person can say that it was not sent')
  }
}

function checkAuthority(row: Authority): void {
  const isQuiet = row.state === 'claimed' || row.state === 'void'
  check((row.state === 'void') === (row.holder === null), 'void_has_no_holder')
  check(isQuiet || row.dispatched_at !== null, 'dispatched_has_time')
  check(isQuiet || row.provider !== null, 'dispatched_has_provider')
  check(isQuiet || row.attempts >= 1, 'dispatched_is_an_attempt')
  check(['sent', 'refused', 'void'].includes(row.state) === (row.settled_at !== null), 'settled_has_time')
}

export function insertCheck(tables: Tables, row: Check, key: string): void {
  const authority = tables.authority.get(row.message_uuid)
  const stands =
    authority?.attempt_token === row.attempt_token &&
    authority.state === 'in_doubt' &&
    authority.holder === 'go' &&
    authority.provider === row.provider
  if (!stands) throw refuse(`message is not in doubt under this attempt with ${row.provider}`)
  tables.checks.put(key, row)
}

const reported = ['sent', 'refused', 'in_doubt', 'void']

export function putGoLog(tables: Tables, row: GoLog): void {
  check((row.dry_run || row.status === 'rejected') === (row.body === null), 'only_real_sends_store_a_body')
  check(!row.dry_run || ['accepted', 'rejected'].includes(row.status), 'a_dry_run_ends_accepted_or_rejected')
  tables.goLogs.put(goLogKey(row.message_uuid, row.dry_run), row)
}

/** No path that changes what became of a message can forget to tell the gateway. */
export function updateGoLog(
  tables: Tables,
  messageUuid: string,
  change: Partial<GoLog>,
  now: number,
): boolean {
  const old = tables.goLogs.get(goLogKey(messageUuid, false))
  if (!old) return false
  const row = { ...old, ...change }
  const isNews =
    reported.includes(row.status) &&
    (row.status !== old.status || row.provider_message_id !== old.provider_message_id)
  putGoLog(tables, isNews ? { ...row, version: old.version + 1, report_at: now, report_tries: 0 } : row)
  return true
}
