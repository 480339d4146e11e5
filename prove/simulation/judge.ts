// What must hold at the end of every run.
import type { SentMessage } from '../../src/contract/gateway-api.ts'
import { effectiveMode } from '../../src/core/mode.ts'
import type { Carrier } from './carrier.ts'
import { handedBack } from './hand-back-action.ts'
import { judgeTimes } from './judge-times.ts'
import type { SmsLog, StoredRequest, Tables } from './store/tables.ts'
import type { World } from './world.ts'

/** What a caller was answered. */
export interface Told {
  readonly name: string
  readonly status: number
  readonly code: string
  readonly messages: readonly SentMessage[]
  /** Whether the caller does not come again. */
  readonly isLast: boolean
}

export interface Judged {
  readonly world: World
  readonly carrier: Carrier
  readonly told: readonly Told[]
  readonly isDrained: boolean
  readonly count: (witness: string) => void
}

export function judge(judged: Judged): void {
  const { world, isDrained, count } = judged
  const { tables } = world.store
  judgeSends(judged)
  judgeSteps(judged)
  judgeTimes(judged)
  if (isDrained) {
    judgeOutcomes(judged)
    judgeQuota(judged)
    judgeCallers(judged)
  } else world.violate(`I11: it does not drain: ${openWork(tables)}`)
  for (const { to } of tables.steps) if (to.state === 'in_doubt') count('in_doubt')
  for (const { fallback } of tables.smsLogs.all()) if (fallback !== null) count('fallbacks')
  for (const _uuid of handedBack(world)) count('handed_back')
  count(`mode ${tables.requests.all()[0]?.mode ?? 'none'}`)
}

function openWork(tables: Tables): string {
  const open = [
    ...tables.requests
      .all()
      .flatMap((row) => (row.answered_at === null ? [`request ${row.request_id}`] : [])),
    ...tables.unresolved.all().map((row) => `unresolved ${row.message_uuid}`),
    ...tables.authority
      .all()
      .flatMap((row) =>
        row.state === 'claimed' || row.state === 'dispatched'
          ? [`${row.message_uuid} ${row.state} of ${row.holder}`]
          : [],
      ),
  ]
  return open.join(', ') || 'a process is not up'
}

const modeOf = (request: StoredRequest, uuid: string) => {
  const { mode, ramp_percent: rampPercent, epoch, tenant } = request
  const recipient = request.recipients[request.message_uuids.indexOf(uuid)] ?? ''
  return effectiveMode({ scope: tenant, mode, rampPercent, epoch }, tenant, recipient)
}

/** I1, I4 and I5, by the carrier's own log. */
function judgeSends({ world, carrier }: Judged): void {
  const { tables } = world.store
  const requestOf = new Map(
    tables.requests.all().flatMap((row) => row.message_uuids.map((uuid) => [uuid, row])),
  )
  for (const [uuid, sends] of Map.groupBy(carrier.sent, (one) => one.messageUuid)) {
    if (sends.length > 1) world.violate(`I1: ${uuid} was sent ${sends.length} times`)
    const request = requestOf.get(uuid)
    if (!request) {
      world.violate(`I5: ${uuid} was sent and never entered`)
      continue
    }
    const isByService = sends.some((one) => one.account === 'service')
    if (isByService && modeOf(request, uuid) !== 'ON')
      world.violate(`I4: ${uuid} of ${request.mode} was sent by the service`)
    const row = tables.authority.get(uuid)
    if (!row || (row.state !== 'sent' && row.state !== 'in_doubt' && row.state !== 'dispatched')) {
      world.violate(`I2: ${uuid} was sent, the ledger says ${row?.state}`)
    }
    const account = row?.holder === 'go' ? 'service' : row?.holder
    if (row?.holder && sends.some((one) => one.account !== account)) {
      world.violate(`I2: ${uuid} was sent by another side than its holder ${row.holder}`)
    }
  }
}

/** I10 and the drawing of the ledger, over every committed step. */
function judgeSteps({ world }: Judged): void {
  const { steps, proofs } = world.store.tables
  const proven = new Set(
    proofs.all().map((one) => `${one.message_uuid} ${one.attempt_token} ${one.to_state}`),
  )
  for (const { from, to } of steps) {
    if (from?.state !== 'in_doubt') continue
    if (!proven.has(`${from.message_uuid} ${from.attempt_token} ${to.state}`)) {
      world.violate(`I10: ${from.message_uuid} left in_doubt for ${to.state} without proof`)
    }
  }
}

/** I3, I6, I9 and I12, once nothing is under way any more. */
function judgeOutcomes({ world, carrier }: Judged): void {
  const { tables } = world.store
  const sent = new Set(carrier.sent.map((one) => one.messageUuid))
  const handed = handedBack(world)
  const entered = tables.requests.all().flatMap((row) => row.message_uuids)
  const known = new Set(entered)
  if (known.size !== entered.length) world.violate('I5: a uuid was made twice')
  const logged = Map.groupBy(
    tables.smsLogs.all().filter((row) => !row.dry_run),
    (row) => row.message_uuid,
  )
  for (const uuid of entered) {
    const rows = logged.get(uuid) ?? []
    const verdicts = rows.filter((row) => !row.handed_back)
    const [verdict] = verdicts
    const authority = tables.authority.get(uuid)
    if (!authority) world.violate(`I3: ${uuid} has no row in the ledger`)
    if (!verdict || verdicts.length > 1) world.violate(`I12: ${uuid} has ${rows.length} rows in sms_logs`)
    if ((verdict?.delivery_status === 'handed_back') !== rows.some((row) => row.handed_back))
      world.violate(`I12: ${uuid} was handed back in one row of sms_logs and not in the other`)
    if (verdict?.delivery_status === 'handed_back' && !handed.has(uuid))
      world.violate(`I12: ${uuid} is logged as handed back and never was`)
    for (const row of rows) judgeLog(world, row, sent.has(uuid))
    if (authority?.state === 'sent' && !sent.has(uuid))
      world.violate(`I3: ${uuid} is sent, the carrier has nothing`)
  }
  for (const { message_uuid } of tables.authority.all()) {
    if (!known.has(message_uuid)) world.violate(`I12: ledger row ${message_uuid} was never entered`)
  }
}

function judgeLog(world: World, row: SmsLog, isSent: boolean): void {
  const { message_uuid, source, status, delivery_status } = row
  // What the legacy side then did with it stands in a row of its own.
  if (delivery_status === 'handed_back') return
  const authority = world.store.tables.authority.get(message_uuid)
  const says = `${message_uuid} is logged ${source} ${status}`
  if (status === 'sent' && (!isSent || authority?.holder !== 'legacy')) {
    world.violate(`I3: ${says}, the carrier has ${isSent ? 'it' : 'nothing'}, holder ${authority?.holder}`)
  }
  if ((status === 'failed' || status === 'rejected') && isSent) world.violate(`I3: ${says}, yet it was sent`)
  // A refusal that was logged and whose settling died with its process waits in doubt; it was not sent all the same.
  const isOver = ['refused', 'void', ...(source === 'legacy' ? ['in_doubt'] : [])].includes(
    authority?.state ?? '',
  )
  if ((status === 'failed' || status === 'rejected') && !isOver) {
    world.violate(`I12: ${says}, the ledger has ${authority?.state} of ${authority?.holder}`)
  }
  if (source === 'go' && status !== 'rejected' && !isOfService(world, message_uuid)) {
    world.violate(`I6: ${says}, held by ${authority?.holder}`)
  }
}

/** The service holds it, or has voided what it held, or has handed it back. */
function isOfService({ store: { tables } }: World, messageUuid: string): boolean {
  return (
    tables.authority.get(messageUuid)?.holder === 'go' ||
    tables.steps.some(({ from }) => from?.holder === 'go' && from.message_uuid === messageUuid)
  )
}

/** I7, and I4's half about quota. */
function judgeQuota({ world }: Judged): void {
  const { accounts, smsLogs, settlements, requests } = world.store.tables
  const modes = new Map(
    requests.all().flatMap((row) => row.message_uuids.map((uuid) => [uuid, modeOf(row, uuid)] as const)),
  )
  for (const { message_uuid } of settlements.all()) {
    const mode = modes.get(message_uuid)
    if (mode !== 'ON') world.violate(`I4: quota was settled for ${message_uuid} of ${mode}`)
  }
  const due = smsLogs
    .all()
    .filter(
      (row) => row.mode === 'ON' && row.source === 'go' && ['accepted', 'duplicate'].includes(row.status),
    )
  const { used = 0, reserved = 0 } = accounts.get('demo') ?? {}
  if (used !== due.length || reserved !== 0) {
    world.violate(`I7: quota says used ${used}, reserved ${reserved}; ${due.length} were accepted in ON`)
  }
}

/** Problems that say so. */
const nothingSent: ReadonlySet<string> = new Set([
  'store_away',
  'no_quota',
  'expired',
  'invalid_input',
  'too_far_ahead',
])

/** I3: what callers were told is true. */
function judgeCallers({ world, carrier, told, count }: Judged): void {
  const { tables } = world.store
  const sent = new Set(carrier.sent.map((one) => one.messageUuid))
  for (const { name, status, code, messages, isLast } of told) {
    for (const { message_uuid, status: word } of messages) {
      const holder = tables.authority.get(message_uuid)?.holder
      const says = `a caller was told ${word} of ${message_uuid}`
      if (word === 'sent' && !sent.has(message_uuid)) world.violate(`I3: ${says}, the carrier has nothing`)
      if ((word === 'failed' || word === 'rejected') && sent.has(message_uuid))
        world.violate(`I3: ${says}, yet it was sent`)
      if ((word === 'accepted' || word === 'duplicate') && !isOfService(world, message_uuid))
        world.violate(`I3: ${says}, held by ${holder}`)
      if (word === 'scheduled') count('told_scheduled')
    }
    if (status === 500) world.violate(`a request failed: ${code}`)
    if (!isLast || !nothingSent.has(code)) continue
    const request = tables.requests.all().find((row) => row.body === name)
    const wrong = request?.message_uuids.filter((uuid) => sent.has(uuid)) ?? []
    if (wrong.length > 0)
      world.violate(`I3: a caller was told that nothing was sent, yet ${wrong.join(', ')} was`)
  }
}
