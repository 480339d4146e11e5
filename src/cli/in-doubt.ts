import { Command, Option } from 'commander'
import type { Resolution, Resolved } from '../contract/resolution.ts'
import type { DoubtRow, DoubtView } from '../gateway/in-doubt.ts'
import { callApi } from './call.ts'
import type { CliContext } from './context.ts'
import type { Reach } from './reach.ts'
import { exitCodes, type Outcome } from './shell.ts'
import { table } from './table.ts'

/** As JSON carries it: instants are texts. */
type Jsonified<Value> = Value extends Date
  ? string
  : Value extends object
    ? { readonly [Name in keyof Value]: Jsonified<Value[Name]> }
    : Value

interface DoubtList {
  readonly messages: readonly Jsonified<DoubtRow>[]
}

const operator = { at: 'BATON_GATEWAY_URL', key: 'BATON_OPERATOR_KEY' } as const
const pathOf = (uuid: string): string => `/operator/in-doubt/${encodeURIComponent(uuid)}`

/** Messages whose outcome nobody knows, the oldest first. */
export function listInDoubt(reach: Reach): Promise<Outcome<DoubtList>> {
  return callApi(reach, { ...operator, method: 'GET', path: '/operator/in-doubt' })
}

/** One of them with its evidence. */
export function showInDoubt(reach: Reach, uuid: string): Promise<Outcome<Jsonified<DoubtView>>> {
  return callApi(reach, { ...operator, method: 'GET', path: pathOf(uuid) })
}

/** Decides it, for ever. */
export function resolveInDoubt(
  reach: Reach,
  uuid: string,
  resolution: Resolution,
): Promise<Outcome<Resolved>> {
  const path = `${pathOf(uuid)}/resolution`
  return callApi(reach, { ...operator, method: 'POST', path, body: resolution })
}

interface ResolveOptions {
  readonly sent?: boolean
  readonly notSent?: boolean
  readonly providerMessageId?: string
  readonly reason?: string
  readonly sendAgain?: boolean
  readonly json?: boolean
}

export function inDoubtCommand(context: CliContext): Command {
  const { reach, report } = context
  const command = new Command('in-doubt').description(
    'messages whose outcome nobody knows, and what a person decides',
  )
  command
    .command('list')
    .description('all of them, the oldest first; exit code 1 when there are any')
    .option('--json', 'the answer as JSON')
    .action(async (options: { json?: boolean }) => {
      const outcome = await listInDoubt(reach)
      report(outcome, options, renderList)
      if (outcome.kind === 'done' && outcome.value.messages.length > 0) context.finish(exitCodes.refused)
    })
  command
    .command('show')
    .description('one message with its evidence: attempts, look-ups, replays, proofs')
    .argument('<uuid>', 'its message_uuid')
    .option('--json', 'the answer as JSON')
    .action(async (uuid: string, options: { json?: boolean }) => {
      report(await showInDoubt(reach, uuid), options, renderOne)
    })
  command
    .command('resolve')
    .description('decide one; the decision is kept as its proof and cannot be taken back')
    .argument('<uuid>', 'its message_uuid')
    .addOption(new Option('--sent', 'the provider has sent it').conflicts(['notSent', 'sendAgain']))
    .option('--provider-message-id <id>', 'the id it has there, with --sent')
    .addOption(
      new Option('--not-sent', 'it was not sent and never will be by that provider').conflicts('sent'),
    )
    .option('--send-again', 'with --not-sent: send it after all; without, it ends as refused')
    .option('--reason <text>', 'how you know')
    .option('--json', 'the answer as JSON')
    .action((uuid: string, options: ResolveOptions) => resolve(context, uuid, options))
  return command
}

async function resolve({ reach, report }: CliContext, uuid: string, options: ResolveOptions): Promise<void> {
  const { sent = false, notSent = false, sendAgain = false, reason, providerMessageId } = options
  const fault =
    sent === notSent
      ? 'in-doubt resolve: needs --sent or --not-sent'
      : notSent && reason === undefined
        ? 'in-doubt resolve: --not-sent needs --reason: how do you know?'
        : notSent && providerMessageId !== undefined
          ? 'in-doubt resolve: --provider-message-id goes with --sent'
          : undefined
  if (fault !== undefined) {
    report({ kind: 'usage', detail: fault }, options, () => '')
    return
  }
  const resolution: Resolution = {
    outcome: sent ? 'sent' : 'not_sent',
    reason:
      reason ??
      `the provider has sent it${providerMessageId === undefined ? '' : ` as ${providerMessageId}`}`,
    ...(providerMessageId === undefined ? {} : { provider_message_id: providerMessageId }),
    ...(sendAgain ? { send_again: true } : {}),
  }
  const outcome = await resolveInDoubt(reach, uuid, resolution)
  report(outcome, options, ({ message_uuid, state }) => `${message_uuid}: ${consequences[state]}`)
}

const consequences: Readonly<Record<Resolved['state'], string>> = {
  sent: 'settled as sent',
  refused: 'settled as not sent; it will not be sent',
  claimed: 'settled as not sent; it is sent again now',
}

function renderList({ messages }: DoubtList): string {
  if (messages.length === 0) return 'No message is in doubt.'
  return table(
    ['message', 'holder', 'provider', 'dispatched', 'attempts', 'checks', 'reason'],
    messages.map((row) => [
      row.message_uuid,
      row.holder,
      row.provider,
      row.dispatched_at,
      row.attempts,
      row.checks,
      row.reason,
    ]),
  )
}

function renderOne(view: Jsonified<DoubtView>): string {
  const { message_uuid, state, holder, provider, reason, checks, proofs } = view
  const head = `${message_uuid}: ${state}, held by ${holder ?? 'nobody'}, provider ${provider ?? 'none'}${reason === null ? '' : `: ${reason}`}`
  return [
    head,
    checks.length === 0
      ? 'No look-up or replay was made.'
      : table(
          ['check', 'kind', 'provider', 'started', 'result'],
          checks.map((row) => [
            row.number,
            row.kind,
            row.provider,
            row.started_at,
            row.result ?? 'not ended',
          ]),
        ),
    proofs.length === 0
      ? 'No proof is stored.'
      : table(
          ['at', 'from', 'to', 'proof', 'by', 'detail'],
          proofs.map((row) => [
            row.recorded_at,
            row.from_state,
            row.to_state,
            row.kind,
            row.actor,
            row.detail,
          ]),
        ),
  ].join('\n\n')
}
