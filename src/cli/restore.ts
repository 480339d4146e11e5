import { Command } from 'commander'
import type { Fence } from '../restore/fence.ts'
import type { CliContext } from './context.ts'
import { wholeNumber } from './numbers.ts'
import {
  fenceSends,
  markForgotten,
  reconcileRestored,
  reopenSends,
  showFence,
  type RestoreUrls,
} from './restore-steps.ts'
import type { Outcome } from './shell.ts'
import { verdictCodes } from './verdicts.ts'

interface CommonOptions {
  readonly adminUrl?: string
  readonly legacyAdminUrl?: string
  readonly execute?: boolean
  readonly json?: boolean
}

export function restoreCommand(context: CliContext): Command {
  const command = new Command('restore').description(
    'after a restore or an asynchronous promotion: fence all sends, mark what may be lost, reconcile, reopen',
  )
  for (const step of [statusStep, fenceStep, markStep, reconcileStep, reopenStep])
    command.addCommand(step(context))
  return command
}

function stepCommand(name: string, about: string): Command {
  return new Command(name)
    .description(about)
    .option('--admin-url <url>', 'of the database with the ledger, as administrator (default: DATABASE_URL)')
    .option('--legacy-admin-url <url>', 'of the database with sms_logs, when another (LEGACY_DATABASE_URL)')
    .option('--json', 'the answer as JSON')
}

const executed = (command: Command): Command =>
  command.option('--execute', 'do it; without, show what would be done')

function urlsOf({ shell }: CliContext, options: CommonOptions): RestoreUrls | undefined {
  const adminUrl = options.adminUrl ?? shell.environment['DATABASE_URL']
  const legacyAdminUrl = options.legacyAdminUrl ?? shell.environment['LEGACY_DATABASE_URL'] ?? adminUrl
  const isUsable = [adminUrl, legacyAdminUrl].every((url) => url && /^postgres(ql)?:\/\//.test(url))
  return isUsable && adminUrl && legacyAdminUrl ? { adminUrl, legacyAdminUrl } : undefined
}

/** Runs a step against the databases that the options name. */
async function act<Value>(
  context: CliContext,
  options: CommonOptions,
  work: (urls: RestoreUrls) => Promise<Outcome<Value>>,
  render: (value: Value) => string,
): Promise<void> {
  const urls = urlsOf(context, options)
  const detail = 'restore: no postgres:// URL of an administrator: give --admin-url or DATABASE_URL'
  context.report(urls ? await work(urls) : { kind: 'usage', detail }, options, render)
}

const rehearsed = (execute: boolean | undefined): string =>
  execute ? '' : '\nRehearsal: nothing was changed; --execute does it.'

function statusStep(context: CliContext): Command {
  return stepCommand('status', 'whether sends are fenced; exit code 1 when they are').action(
    async (options: CommonOptions) => {
      await act(
        context,
        options,
        async (urls) => {
          const outcome = await showFence(urls)
          if (outcome.kind === 'done' && outcome.value) context.finish(1)
          return outcome
        },
        describe,
      )
    },
  )
}

function describe(fence: Fence | null): string {
  if (!fence) return 'Sends are not fenced.'
  const marked = fence.marked_at
    ? `marked ${fence.marked_messages} messages at ${fence.marked_at.toISOString()}`
    : 'nothing is marked yet'
  return `Sends are fenced since ${fence.raised_at.toISOString()} (fence ${fence.fence_id}): ${fence.reason}; ${marked}.`
}

function fenceStep(context: CliContext): Command {
  return executed(
    stepCommand('fence', 'stop every claim, dispatch and replay, of whatever process and version'),
  )
    .requiredOption('--reason <text>', 'why, for the record')
    .action(async (options: CommonOptions & { reason: string }) => {
      const { reason, execute = false } = options
      await act(
        context,
        options,
        (urls) => fenceSends(urls, { reason, execute }),
        (fence) => describe(fence) + (fence ? '' : rehearsed(execute)),
      )
    })
}

function markStep(context: CliContext): Command {
  return executed(stepCommand('mark', 'put in doubt what may have been sent without this ledger knowing'))
    .option('--taken-at <time>', 'when the copy was taken, ISO 8601 (default: the newest moment it knows of)')
    .option('--margin <seconds>', 'how far clocks may differ', wholeNumber(0, 86_400), 300)
    .action(async (options: CommonOptions & { takenAt?: string; margin: number }) => {
      const { execute = false, margin, takenAt } = options
      if (takenAt !== undefined && Number.isNaN(Date.parse(takenAt))) {
        context.report(
          { kind: 'usage', detail: `restore mark: --taken-at is no time: ${takenAt}` },
          options,
          () => '',
        )
        return
      }
      const at = takenAt === undefined ? {} : { takenAt: new Date(takenAt) }
      await act(
        context,
        options,
        (urls) => markForgotten(urls, { ...at, marginMs: margin * 1_000, execute }),
        ({ horizon, forgotten, rejected, held, open, coversLostTime }) =>
          `The ledger knows what was committed up to ${horizon.toISOString()}.\n` +
          `Entered and unknown to it: ${forgotten} messages, of which the service rejected ${rejected}; ` +
          `${held} scheduled for later: held again until then.\n` +
          `Unsent or under way in it: ${open} messages.\n` +
          (coversLostTime
            ? 'The gateway went back in time with it: claims of that time are refused for good.'
            : "The gateway's records are whole.") +
          rehearsed(execute),
      )
    })
}

function reconcileStep(context: CliContext): Command {
  return executed(
    stepCommand('reconcile', 'settle what the gateway has on record, then compare everything'),
  ).action(async (options: CommonOptions) => {
    const { execute = false } = options
    await act(
      context,
      options,
      async (urls) => {
        const outcome = await reconcileRestored(urls, execute)
        if (outcome.kind === 'done') context.finish(verdictCodes[outcome.value.verdict])
        return outcome
      },
      ({ sent, refused, inDoubt, verdict, mismatches }) =>
        `On record: ${sent} sent, ${refused} refused; in doubt, for a person: ${inDoubt}.\n` +
        `${verdict}   ${mismatches} mismatches: see baton reconcile` +
        rehearsed(execute),
    )
  })
}

function reopenStep(context: CliContext): Command {
  return executed(stepCommand('reopen', 'let sends go on'))
    .option('--nothing-lost', 'this ledger never went back in time: nothing needs a mark')
    .action(async (options: CommonOptions & { nothingLost?: boolean }) => {
      const { execute = false, nothingLost = false } = options
      await act(
        context,
        options,
        (urls) => reopenSends(urls, { nothingLost, execute }),
        (fence) =>
          execute
            ? `Sends go on: fence ${fence.fence_id} is lifted.`
            : `${describe(fence)}${rehearsed(execute)}`,
      )
    })
}
