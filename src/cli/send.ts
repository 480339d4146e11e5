import { randomUUID } from 'node:crypto'
import { Command, Option } from 'commander'
import type { SendRequest, SendResponse } from '../contract/gateway-api.ts'
import { priorities } from '../contract/text.ts'
import { callApi } from './call.ts'
import type { CliContext } from './context.ts'
import { wholeNumber } from './numbers.ts'
import type { Reach } from './reach.ts'
import type { Outcome } from './shell.ts'
import { table } from './table.ts'

export interface SendOptions {
  readonly to: readonly string[]
  readonly body: string
  readonly from?: string
  readonly reference?: string
  readonly priority?: SendRequest['priority']
  /** Instants as the API takes them. */
  readonly sendAt?: string
  readonly validUntil?: string
  readonly segmentsMax?: number
  /** Made when absent, so that a lost answer can be asked for again without sending twice. */
  readonly idempotencyKey?: string
}

export async function send(reach: Reach, options: SendOptions): Promise<Outcome<SendResponse>> {
  const { to, body, from, reference, priority, sendAt, validUntil, segmentsMax } = options
  const { idempotencyKey = randomUUID() } = options
  const request: SendRequest = {
    to: [...to],
    body,
    ...(from === undefined ? {} : { from }),
    ...(reference === undefined ? {} : { reference }),
    ...(priority === undefined ? {} : { priority }),
    ...(sendAt === undefined ? {} : { send_at: sendAt }),
    ...(validUntil === undefined ? {} : { valid_until: validUntil }),
    ...(segmentsMax === undefined ? {} : { segments_max: segmentsMax }),
  }
  const outcome = await callApi<SendResponse>(reach, {
    at: 'BATON_GATEWAY_URL',
    key: 'BATON_API_KEY',
    method: 'POST',
    path: '/v1/sms',
    body: request,
    headers: { 'idempotency-key': idempotencyKey },
  })
  if (outcome.kind !== 'unreachable') return outcome
  const advice = `\nTo repeat it without sending twice: add --idempotency-key ${idempotencyKey}`
  return { ...outcome, detail: outcome.detail + advice }
}

export function sendCommand({ reach, report }: CliContext): Command {
  return new Command('send')
    .description('send a text to one or more numbers')
    .requiredOption('--to <number...>', 'a number in E.164, for example +12025550100; may be repeated')
    .requiredOption('--body <text>', 'what to send')
    .option('--from <sender>', 'a number, a short code or a name')
    .option('--reference <text>', 'your own reference for the request')
    .addOption(new Option('--priority <word>', 'what goes first').choices(priorities))
    .option('--send-at <instant>', 'not before, in UTC, for example 2030-01-31T09:30:00Z')
    .option('--valid-until <instant>', 'void past it, never sent late')
    .option('--segments-max <number>', 'refuse a text of more parts', wholeNumber(1, 255))
    .option('--idempotency-key <key>', 'the same key and content are sent once, however often you call')
    .option('--json', 'the answer as JSON')
    .action(async (options: SendOptions & { json?: boolean }) => {
      report(await send(reach, options), options, render, options.to)
    })
}

function render({ request_id, mode, send_at, messages }: SendResponse): string {
  const rows = messages.map((message) => [
    message.to,
    message.status,
    message.source,
    message.fallback,
    message.message_uuid,
    message.reason,
  ])
  const due = send_at === undefined ? '' : `, to be sent at ${send_at}`
  return `Request ${request_id} in mode ${mode}${due}\n\n${table(['to', 'status', 'by', 'fallback', 'message', 'reason'], rows)}`
}
