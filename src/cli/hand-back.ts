import { Command } from 'commander'
import { handBackMessages, type HandBackResult } from '../gateway/hand-back.ts'
import type { CliContext } from './context.ts'
import { wholeNumber } from './numbers.ts'
import { withDatabases } from './open-databases.ts'
import type { Reach } from './reach.ts'
import type { Outcome } from './shell.ts'
import { table } from './table.ts'

export interface HandBackVerbOptions {
  readonly reason?: string
  readonly execute?: boolean
  readonly tenant?: string
  readonly limit?: number
  readonly onProgress?: (handedBack: number) => void
}

/** Takes what the service has not begun to send back to the legacy side; without `execute` it only says what there is. */
export function runHandBack(reach: Reach, options: HandBackVerbOptions): Promise<Outcome<HandBackResult>> {
  const { reason, execute = false, tenant = null, limit = null, onProgress } = options
  if (execute && reason === undefined) {
    return Promise.resolve({ kind: 'usage', detail: 'hand-back: --execute needs a --reason' })
  }
  return withDatabases(reach, async (databases) => ({
    kind: 'done',
    value: await handBackMessages({
      ...databases,
      tenant,
      limit,
      execute,
      reason: reason ?? 'rehearsal',
      ...(onProgress ? { onProgress } : {}),
    }),
  }))
}

export function handBackCommand({ shell, reach, report }: CliContext): Command {
  return new Command('hand-back')
    .description('take what the messaging service has not begun to send: the legacy side sends it')
    .option('--execute', 'do it; without this it only tells what there is')
    .option('--reason <text>', 'why, for the history of each message')
    .option('--tenant <name>', 'only messages of this tenant')
    .option('--limit <n>', 'so many at most', wholeNumber(1, 100_000_000))
    .option('--json', 'the answer as JSON')
    .action(async (options: HandBackVerbOptions & { json?: boolean }) => {
      const onProgress = (handed: number): void => shell.complain(`${handed} messages handed back`)
      report(await runHandBack(reach, { ...options, onProgress }), options, render)
    })
}

function render({ executed, tenant, held, handed_back, kept_by_service }: HandBackResult): string {
  const rows = [
    ['claimed', held.claimed, 'handed back, then sent by the legacy side'],
    ['scheduled', held.scheduled, 'handed back, then sent when it is time'],
    ['tried in vain', held.tried, 'handed back: a proof says that nothing was sent'],
    ['too late', held.late, 'handed back, then void'],
    ['being sent', held.dispatched, 'stays with the service'],
    ['in doubt', held.in_doubt, 'stays with the service until there is a proof'],
  ]
  return [
    `What the service holds${tenant === null ? '' : ` of tenant ${tenant}`}:`,
    table(['state', 'messages', 'what --execute does'], rows),
    '',
    executed
      ? `${handed_back} handed back; ${kept_by_service} the service had begun meanwhile. A running gateway sends them: baton status`
      : 'Nothing was changed. With --execute --reason TEXT they are handed back.',
  ].join('\n')
}
