import { Command } from 'commander'
import type { CarrierEntry } from '../sandbox/carrier-entry.ts'
import { callApi } from './call.ts'
import type { CliContext } from './context.ts'
import { wholeNumber } from './numbers.ts'
import type { Reach } from './reach.ts'
import type { Outcome } from './shell.ts'
import { table } from './table.ts'

export type LoggedText = Omit<CarrierEntry, 'from'>

export interface LogOptions {
  /** A message_uuid. */
  readonly reference?: string
  /** Only the last so many. */
  readonly limit?: number
}

/** What the carrier says it sent, from its own log. */
export function readCarrierLog(reach: Reach, options: LogOptions = {}): Promise<Outcome<LoggedText[]>> {
  const { reference, limit } = options
  const query = new URLSearchParams({
    ...(reference === undefined ? {} : { reference }),
    ...(limit === undefined ? {} : { limit: String(limit) }),
  })
  return callApi(reach, { at: 'BATON_SANDBOX_URL', method: 'GET', path: `/log?${query.toString()}` })
}

export function carrierCommand({ reach, report }: CliContext): Command {
  const command = new Command('carrier').description("the carrier's own evidence")
  command
    .command('log')
    .description('what the carrier sent, oldest first')
    .option('--reference <uuid>', 'of this message only')
    .option('--limit <n>', 'the last so many', wholeNumber(1, 1_000_000))
    .option('--json', 'the answer as JSON')
    .action(async ({ json, limit, ...options }: LogOptions & { json?: boolean }) => {
      const wanted = limit === undefined && !json && options.reference === undefined ? 20 : limit
      const outcome = await readCarrierLog(reach, {
        ...options,
        ...(wanted === undefined ? {} : { limit: wanted }),
      })
      report(outcome, { json }, render)
    })
  return command
}

function render(texts: readonly LoggedText[]): string {
  if (texts.length === 0) return 'The carrier has sent nothing.'
  const rows = texts.map(({ at, account, to, reference, provider_message_id }) => [
    at,
    account,
    to,
    reference,
    provider_message_id,
  ])
  return table(['at', 'account', 'to', 'message', 'provider id'], rows)
}
