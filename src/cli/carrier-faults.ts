import { Command, Option } from 'commander'
import type { AccountFaults, Faults } from '../sandbox/faults.ts'
import { callApi } from './call.ts'
import type { CliContext } from './context.ts'
import { share, wholeNumber } from './numbers.ts'
import type { Reach } from './reach.ts'
import type { Outcome } from './shell.ts'
import { table } from './table.ts'

const accounts = ['legacy', 'service'] as const
type Account = (typeof accounts)[number]
type CarrierFaults = Readonly<Record<Account, AccountFaults>>

const faults = { at: 'BATON_SANDBOX_URL', path: '/faults' } as const

export function showCarrierFaults(reach: Reach): Promise<Outcome<CarrierFaults>> {
  return callApi(reach, { ...faults, method: 'GET' })
}

/** Replaces the faults of one account; the other account keeps its own. */
export async function setCarrierFaults(
  reach: Reach,
  account: Account,
  setting: AccountFaults,
): Promise<Outcome<CarrierFaults>> {
  const current = await showCarrierFaults(reach)
  if (current.kind !== 'done') return current
  const wanted: Faults = { ...current.value, [account]: setting }
  return callApi(reach, { ...faults, method: 'PUT', body: wanted })
}

export function clearCarrierFaults(reach: Reach): Promise<Outcome<CarrierFaults>> {
  return callApi(reach, { ...faults, method: 'PUT', body: {} })
}

interface SetOptions {
  readonly account: Account
  readonly latencyMs?: number
  readonly refuse?: number | true
  readonly errorShare?: number
  readonly swallow?: number | true
  readonly resetAfterAccept?: number | true
  readonly answerLateMs?: number
  readonly receiptLateMs?: number
  readonly receiptDrop?: number | true
  readonly receiptDuplicate?: number | true
  readonly receiptDisorder?: number | true
  readonly json?: boolean
}

const WAIT_MAX_MS = 600_000

export function carrierFaultsCommand({ reach, report }: CliContext): Command {
  const command = new Command('carrier').description('do harm at the carrier sandbox, per account')
  command
    .command('show')
    .description('the faults in force')
    .option('--json', 'the answer as JSON')
    .action(async (options: { json?: boolean }) => report(await showCarrierFaults(reach), options, render))
  command
    .command('set')
    .description('set the faults of one account; what you leave out is off. A share is 0 to 1, alone: all')
    .addOption(
      new Option('--account <name>', 'whose requests are hit').choices(accounts).makeOptionMandatory(),
    )
    .option('--latency-ms <n>', 'wait before anything else', wholeNumber(0, WAIT_MAX_MS))
    .option('--refuse [share]', 'refuse with an answer', share)
    .option('--error-share <share>', 'fail with a 5xx before accepting', share)
    .option('--swallow [share]', 'accept and never answer', share)
    .option('--reset-after-accept [share]', 'accept and reset the connection', share)
    .option('--answer-late-ms <n>', 'accept at once, answer late', wholeNumber(0, WAIT_MAX_MS))
    .option('--receipt-late-ms <n>', 'tell delivery statuses late', wholeNumber(0, WAIT_MAX_MS))
    .option('--receipt-drop [share]', 'never tell a delivery status', share)
    .option('--receipt-duplicate [share]', 'tell a delivery status twice', share)
    .option('--receipt-disorder [share]', 'tell delivered before sent', share)
    .option('--json', 'the answer as JSON')
    .action(async (options: SetOptions) => {
      const setting = settingOf(options)
      const outcome: Outcome<CarrierFaults> =
        Object.keys(setting).length > 0
          ? await setCarrierFaults(reach, options.account, setting)
          : { kind: 'usage', detail: 'faults carrier set: no fault is given: name one, or use: ... clear' }
      report(outcome, options, render)
    })
  command
    .command('clear')
    .description('end every fault of the carrier')
    .option('--json', 'the answer as JSON')
    .action(async (options: { json?: boolean }) => report(await clearCarrierFaults(reach), options, render))
  return command
}

function settingOf(options: SetOptions): AccountFaults {
  const all = {
    latency_ms: options.latencyMs,
    refuse: options.refuse,
    error_share: options.errorShare,
    swallow: options.swallow,
    reset_after_accept: options.resetAfterAccept,
    answer_late_ms: options.answerLateMs,
    receipt_late_ms: options.receiptLateMs,
    receipt_drop: options.receiptDrop,
    receipt_duplicate: options.receiptDuplicate,
    receipt_disorder: options.receiptDisorder,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

function render(current: CarrierFaults): string {
  const rows = accounts.flatMap((account) =>
    Object.entries(current[account]).map(([fault, value]) => [account, fault, value]),
  )
  return rows.length > 0 ? table(['account', 'fault', 'value'], rows) : 'The carrier has no fault.'
}
