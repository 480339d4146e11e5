// Holds the invariants against what the carrier logged by itself, the ledger, both logs, quota and the answers.
import assert from 'node:assert/strict'
import type { AuthorityState, Holder } from '../../src/core/authority-state.ts'
import { checkRecords } from './record-checker.ts'
import type { CarrierEntry } from './system.ts'

type Ask = <Row>(text: string) => Promise<Row[]>

export interface Acknowledged {
  readonly message_uuid: string
  readonly status: string
}

export interface Evidence {
  readonly ask: Ask
  readonly carrier: readonly CarrierEntry[]
  /** What callers were told, in 202 answers. */
  readonly acknowledged: readonly Acknowledged[]
}

interface LedgerRow {
  message_uuid: string
  state: AuthorityState
  holder: Holder | null
  attempts: number
  reason: string | null
}

interface LogRow {
  message_uuid: string
  source: 'legacy' | 'go'
  status: string
  mode: string
  delivery_status: string | null
  handed_back: boolean
}

export interface Verdict {
  readonly entered: number
  readonly carried: number
  readonly legacySent: number
  readonly serviceAccepted: number
  readonly rejected: number
  readonly unresolved: number
  readonly inDoubt: number
  readonly fallbacks: number
  /** Of those the legacy side sent: accepted by the service first. */
  readonly handedBack: number
}

/** Asserts I1 to I4 and I6 to I12, as far as the records tell, after the system has drained; and that a uuid is made once (I5). */
export async function checkInvariants({ ask, carrier, acknowledged }: Evidence): Promise<Verdict> {
  const ledger = new Map(
    (
      await ask<LedgerRow>(
        'select message_uuid, state, holder, attempts, reason from messaging.execution_authority',
      )
    ).map((row) => [row.message_uuid, row]),
  )
  const entered = (
    await ask<{ uuid: string }>('select unnest(message_uuids) as uuid from legacy.requests')
  ).map(({ uuid }) => uuid)
  const logs = await ask<LogRow>(
    'select message_uuid, source, status, mode, delivery_status, handed_back from legacy.sms_logs where not dry_run',
  )
  const logged = Map.groupBy(logs, (row) => row.message_uuid)

  const sends = Map.groupBy(carrier, (entry) => entry.reference)
  const twice = [...sends].filter(([, entries]) => entries.length > 1).map(([uuid]) => uuid)
  assert.deepEqual(twice, [], 'I1: external sends per message_uuid <= 1')
  for (const entry of carrier) {
    const row = ledger.get(entry.reference)
    assert.ok(row && row.attempts >= 1, `I2: send of ${entry.reference} without a dispatch`)
    assert.ok(
      row.state === 'sent' || row.state === 'in_doubt',
      `I2: ${entry.reference} was sent, ledger: ${row.state}`,
    )
    assert.equal(
      row.holder === 'go' ? 'service' : row.holder,
      entry.account,
      `authority of ${entry.reference}`,
    )
  }

  const known = new Set(entered)
  assert.equal(known.size, entered.length, 'I5: a uuid is made once')
  for (const { message_uuid, status } of acknowledged) {
    assert.ok(known.has(message_uuid), `I3: ${message_uuid} was acknowledged, yet never entered`)
    const row = ledger.get(message_uuid)
    assert.ok(row, `I3: ${message_uuid} was acknowledged ${status}, yet has no row`)
    if (status === 'sent' || status === 'accepted' || status === 'duplicate') {
      assert.ok(
        ['sent', 'in_doubt', 'refused'].includes(row.state) ||
          wasVoidedAfterHandBack(row, logged) ||
          (status !== 'sent' && hasExpired(row)),
        `I3: ${message_uuid} ${status}, ledger: ${row.state}`,
      )
      if (row.state === 'sent')
        assert.ok(sends.has(message_uuid), `lost: ${message_uuid} is sent, the carrier has nothing`)
    }
  }
  for (const [uuid, row] of ledger) {
    assert.ok(row.state !== 'claimed' && row.state !== 'dispatched', `I11: ${uuid} is still ${row.state}`)
    if (row.state === 'sent') assert.ok(sends.has(uuid), `lost: ${uuid} is sent, the carrier has nothing`)
    assert.ok(known.has(uuid), `ledger row ${uuid} was never entered`)
  }
  await checkRecords(ask, carrier)
  return { ...(await conserve(ask, entered, ledger, logged, logs)), carried: carrier.length }
}

/** Accepted, and void since, because its validity passed: not lost, and the ledger says why. */
function hasExpired(row: LedgerRow | undefined): boolean {
  return row?.state === 'void' && /^valid_until (has passed|passes before)/.test(row.reason ?? '')
}

async function conserve(
  ask: Ask,
  entered: readonly string[],
  ledger: ReadonlyMap<string, LedgerRow>,
  logged: ReadonlyMap<string, readonly LogRow[]>,
  logs: readonly LogRow[],
): Promise<Omit<Verdict, 'carried'>> {
  const counts = { legacySent: 0, serviceAccepted: 0, rejected: 0, unresolved: 0, inDoubt: 0, handedBack: 0 }
  for (const uuid of entered) {
    const all = logged.get(uuid) ?? []
    const rows = countedOnce(uuid, all, ledger.get(uuid))
    if (rows.length < all.length) counts.handedBack++
    assert.equal(
      rows.length,
      1,
      `I12: ${uuid} has ${rows.length} rows in sms_logs: ${JSON.stringify(rows)}, ledger ${JSON.stringify(ledger.get(uuid))}`,
    )
    const [row] = rows
    const holder = ledger.get(uuid)?.holder
    if (row?.source === 'go')
      assert.ok(
        row.status === 'rejected' || holder === 'go' || hasExpired(ledger.get(uuid)),
        `I6: ${uuid} logged go, held by ${holder}`,
      )
    counts[categoryOf(row?.status)]++
    if (ledger.get(uuid)?.state === 'in_doubt') counts.inDoubt++
  }
  const { legacySent, serviceAccepted, rejected, unresolved } = counts
  assert.equal(entered.length, legacySent + serviceAccepted + rejected + unresolved, 'I12')

  await agree(ask, logs)
  const [fallback] = await ask<{ n: number }>(
    'select count(*) as n from legacy.sms_logs where fallback is not null',
  )
  return { entered: entered.length, ...counts, fallbacks: fallback?.n ?? 0 }
}

function categoryOf(
  status: string | undefined,
): 'legacySent' | 'serviceAccepted' | 'rejected' | 'unresolved' {
  switch (status) {
    case 'sent':
      return 'legacySent'
    case 'accepted':
    case 'duplicate':
      return 'serviceAccepted'
    case 'rejected':
    case 'failed':
      return 'rejected'
    default:
      return 'unresolved'
  }
}

/** A message that was handed back has its verdict and the legacy side's row; it counts as that one. */
function countedOnce(
  uuid: string,
  rows: readonly LogRow[],
  ledger: LedgerRow | undefined,
): readonly LogRow[] {
  const verdict = rows.find((row) => row.delivery_status === 'handed_back')
  const legacy = rows.find((row) => row.handed_back)
  if (!verdict && !legacy) return rows
  assert.ok(verdict && legacy, `I12: ${uuid} was handed back: ${JSON.stringify(rows)}`)
  assert.deepEqual([verdict.source, legacy.source, verdict.mode], ['go', 'legacy', 'ON'], uuid)
  assert.ok(ledger?.holder !== 'go', `I6: ${uuid} was handed back, and the service holds it`)
  return rows.filter((row) => row !== verdict)
}

const wasVoidedAfterHandBack = (
  { message_uuid, state }: LedgerRow,
  logged: ReadonlyMap<string, readonly LogRow[]>,
): boolean => state === 'void' && (logged.get(message_uuid) ?? []).some((row) => row.handed_back)

/** The two logs by message_uuid alone, and quota by what they say. */
async function agree(ask: Ask, logs: readonly LogRow[]): Promise<void> {
  const goLogged = logs
    .filter((row) => row.source === 'go')
    .map((row) => row.message_uuid)
    .sort()
  const service = (
    await ask<{ uuid: string }>(
      // Handed back before the verdict was heard: the legacy side answers for it alone.
      `select message_uuid as uuid from messaging.go_sms_logs g
       where not dry_run and not (status = 'handed_back' and exists (
         select from legacy.sms_logs l where l.message_uuid = g.message_uuid and l.source = 'legacy' and not l.handed_back))`,
    )
  )
    .map(({ uuid }) => uuid)
    .sort()
  assert.deepEqual(goLogged, service, 'I9: the two logs agree by message_uuid')

  const charged = logs.filter(
    (row) => row.mode === 'ON' && row.source === 'go' && ['accepted', 'duplicate'].includes(row.status),
  ).length
  const [account] = await ask<{ used: number; reserved: number }>(
    'select sum(used)::bigint as used, sum(reserved)::bigint as reserved from legacy.quota_accounts',
  )
  assert.deepEqual(account, { used: charged, reserved: 0 }, 'I7: quota = distinct uuids accepted in ON')
}
