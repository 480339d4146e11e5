import { classify, type MismatchKind } from '../../reconcile/classify.ts'
import { readNowMs } from '../../reconcile/clock.ts'
import { readRecords, type MessageRecord } from '../../reconcile/message-record.ts'
import { reconciliation } from '../../reconcile/pairs.ts'
import { reconcile } from '../../reconcile/reconcile.ts'
import { bucketAt } from '../../reconcile/uuid-range.ts'
import { everything } from '../../reconcile/window.ts'
import { reconcileDrillGate } from '../gates.ts'
import type { Drill, DrillContext } from './drill.ts'
import { uuidsOf } from './phases.ts'

const MESSAGES = 3
const AGREE_WITHIN_MS = 10_000
/** Nothing is in flight any more: a difference is a difference. */
const NO_GRACE = { graceMs: 0, workListGraceMs: 0 }

/**
 * Messages of ON and of OFF reconcile without any grace. What the detector would say of a message whose row is missing,
 * is sent twice or is not charged is asked with copies of their records: nothing false is written anywhere.
 */
export const reconcileDrill: Drill = {
  name: 'reconcile',
  gate: reconcileDrillGate,
  needsFaults: false,
  async run(site) {
    const { context } = site
    const fromMs = await readNowMs(context.legacy)
    const on = await site.send(MESSAGES)
    await site.setMode('OFF')
    const off = await site.send(MESSAGES)
    const messages = [...on, ...off]
    await site.observe(uuidsOf(messages))
    const read = () => readRecords(context.legacy, context.messaging, uuidsOf(messages))
    const mismatches = async () => (await read()).flatMap((record) => classify(record, NO_GRACE)).length
    await site.until(async () => (await mismatches()) === 0, AGREE_WITHIN_MS)
    const records = await read()
    const planted = records.filter(({ sms }) => sms.go !== null).flatMap(plantedIn)
    const found = planted.filter(({ record, kind }) =>
      classify(record, NO_GRACE).some((one) => one.kind === kind),
    )
    context.say('the window of the drill is reconciled')
    const walked = await walkOver(context, fromMs, new Set(uuidsOf(messages)))
    return {
      messages,
      counts: {
        mismatches: (await mismatches()) + walked.own,
        compared: walked.compared,
        others_mismatches: walked.others,
        planted_found: found.length,
        planted_not_found: planted.length - found.length,
      },
    }
  },
}

interface Planted {
  readonly record: MessageRecord
  readonly kind: MismatchKind
}

/** A record of the service's message, as it would be if something had gone wrong. */
function plantedIn(record: MessageRecord): Planted[] {
  const { sms, quota, ledger } = record
  if (!sms.go || !ledger) return []
  const twice = { status: 'sent', mode: sms.go.mode, ageMs: sms.go.ageMs } as const
  return [
    { kind: 'missing_in_sms_logs', record: { ...record, sms: { ...sms, go: null } } },
    { kind: 'two_sides_sent', record: { ...record, sms: { ...sms, legacy: twice } } },
    ...(quota ? [{ kind: 'quota_differs', record: { ...record, quota: null } } as const] : []),
  ]
}

async function walkOver(
  { legacy, messaging, signal }: DrillContext,
  fromMs: number,
  own: ReadonlySet<string>,
) {
  const window = { from: bucketAt(fromMs), to: everything.to }
  const report = await reconcile({ legacy, messaging, question: reconciliation, window, signal })
  const real = report.findings.filter(({ inFlight }) => !inFlight)
  const ours = real.filter(({ messageUuid }) => own.has(messageUuid)).length
  const compared = Object.values(report.pairs).reduce((sum, pair) => sum + pair.left_messages, 0)
  return { own: ours, others: real.length - ours, compared }
}
