import { Command } from 'commander'
import type { RecordedModeChange } from '../contract/gateway-api.ts'
import { callApi } from './call.ts'
import type { CliContext } from './context.ts'
import { wholeNumber } from './numbers.ts'
import type { Reach } from './reach.ts'
import type { Outcome } from './shell.ts'
import { table } from './table.ts'

export interface HistoryOptions {
  readonly limit?: number
  readonly before?: number
}

export interface ModeHistory {
  readonly changes: readonly RecordedModeChange[]
}

/** The changes of all scopes, the latest first. */
export function readHistory(reach: Reach, options: HistoryOptions = {}): Promise<Outcome<ModeHistory>> {
  const query = new URLSearchParams()
  if (options.limit !== undefined) query.set('limit', String(options.limit))
  if (options.before !== undefined) query.set('before', String(options.before))
  return callApi(reach, {
    at: 'BATON_GATEWAY_URL',
    key: 'BATON_OPERATOR_KEY',
    method: 'GET',
    path: `/operator/mode/changes?${query.toString()}`,
  })
}

export function modeHistoryCommand({ reach, report }: CliContext): Command {
  return new Command('history')
    .description('every change of the mode, the latest first')
    .option('--limit <n>', 'so many (default: 100)', wholeNumber(1, 1_000))
    .option('--before <epoch>', 'those before this change', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--json', 'the answer as JSON')
    .action(async (options: HistoryOptions & { json?: boolean }) => {
      report(await readHistory(reach, options), options, ({ changes }) =>
        table(
          ['epoch', 'for', 'mode', 'ramp', 'at', 'by', 'reason'],
          changes.map((row) => [
            row.epoch,
            row.scope === '*' ? 'everyone' : row.scope,
            row.mode,
            `${row.ramp_percent} %`,
            row.changed_at,
            row.actor,
            row.reason,
          ]),
        ),
      )
    })
}
