import { Command } from 'commander'
import type { MessageHistory } from '../gateway/message-history.ts'
import { callApi } from './call.ts'
import type { CliContext } from './context.ts'
import type { Reach } from './reach.ts'
import type { Outcome } from './shell.ts'
import { table } from './table.ts'

/** The history as JSON carries it: instants are texts. */
export type HistoryView = Jsonified<MessageHistory>

type Jsonified<Value> = Value extends Date
  ? string
  : Value extends object
    ? { readonly [Name in keyof Value]: Jsonified<Value[Name]> }
    : Value

/** Everything that is known of one message: `sms_logs`, the ledger, `go_sms_logs`. */
export function readMessage(reach: Reach, messageUuid: string): Promise<Outcome<HistoryView>> {
  const path = `/operator/messages/${encodeURIComponent(messageUuid)}`
  return callApi(reach, { at: 'BATON_GATEWAY_URL', key: 'BATON_OPERATOR_KEY', method: 'GET', path })
}

export function messageCommand({ reach, report }: CliContext): Command {
  return new Command('message')
    .description('the whole history of one message: the ledger and both logs')
    .argument('<uuid>', 'its message_uuid')
    .option('--json', 'the answer as JSON')
    .action(async (uuid: string, options: { json?: boolean }) => {
      report(await readMessage(reach, uuid), options, render)
    })
}

function render({ message_uuid, sms_logs, unresolved, ledger, go_sms_logs }: HistoryView): string {
  return [
    `Message ${message_uuid}`,
    section(
      'Ledger',
      ['state', 'holder', 'epoch', 'provider', 'provider id', 'reason'],
      ledger
        ? [
            [
              ledger.state,
              ledger.holder,
              ledger.epoch,
              ledger.provider,
              ledger.provider_message_id,
              ledger.reason,
            ],
          ]
        : [],
    ),
    section(
      'Gateway (sms_logs)',
      ['at', 'to', 'mode', 'by', 'dry run', 'status', 'delivery', 'fallback', 'provider id', 'reason'],
      sms_logs.map((row) => [
        row.created_at,
        row.recipient,
        row.mode,
        row.source,
        row.dry_run ? 'yes' : 'no',
        row.status,
        row.delivery_status,
        row.fallback,
        row.provider_message_id,
        row.reason,
      ]),
    ),
    section(
      'Messaging service (go_sms_logs)',
      ['at', 'dry run', 'status', 'provider', 'provider id', 'reason'],
      go_sms_logs.map((row) => [
        row.created_at,
        row.dry_run ? 'yes' : 'no',
        row.status,
        row.provider,
        row.provider_message_id,
        row.reason,
      ]),
    ),
    ...(unresolved ? [`\n${renderUnresolved(unresolved)}`] : []),
  ].join('\n')
}

function renderUnresolved({ due_at, noted_at, reason }: NonNullable<HistoryView['unresolved']>): string {
  return due_at === null
    ? `Unresolved since ${noted_at}: ${reason}`
    : `Held by the legacy side since ${noted_at}, due at ${due_at}`
}

function section(title: string, head: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return `\n${title}\n${rows.length > 0 ? table(head, rows) : 'nothing'}`
}
