import { randomUUID } from 'node:crypto'
import { Command } from 'commander'
import type { SendRequest, SendResponse } from '../contract/gateway-api.ts'
import { callApi } from './call.ts'
import type { CliContext } from './context.ts'
import type { Reach } from './reach.ts'
import type { Outcome } from './shell.ts'
import { table } from './table.ts'

export interface SendOptions {
  readonly to: readonly string[]
  readonly body: string
  readonly from?: string
  readonly reference?: string
  /** Made when absent, so that a lost answer can be asked for again without sending twice. */
  readonly idempotencyKey?: string
}

export async function send(reach: Reach, options: SendOptions): Promise<Outcome<SendResponse>> {
  const { to, body, from, reference, idempotencyKey = randomUUID() } = options
  const request: SendRequest = {
    to: [...to],
    body,
    ...(from === undefined ? {} : { from }),
    ...(reference === undefined ? {} : { reference }),
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
    .option('--idempotency-key <key>', 'the same key and content are sent once, however often you call')
    .option('--json', 'the answer as JSON')
    .action(async (options: SendOptions & { json?: boolean }) => {
      report(await send(reach, options), options, render, options.to)
    })
}

function render({ request_id, mode, messages }: SendResponse): string {
  const rows = messages.map((message) => [
    message.to,
    message.status,
    message.source,
    message.fallback,
    message.message_uuid,
    message.reason,
  ])
  return `Request ${request_id} in mode ${mode}\n\n${table(['to', 'status', 'by', 'fallback', 'message', 'reason'], rows)}`
}
