import { Command } from 'commander'
import type { GatewayStatus } from '../gateway/status.ts'
import { callApi } from './call.ts'
import type { CliContext } from './context.ts'
import { renderModes } from './render-modes.ts'
import type { Reach } from './reach.ts'
import { exitCodes, type Outcome } from './shell.ts'
import { table } from './table.ts'

export interface Status {
  readonly programs: readonly { readonly name: string; readonly url: string; readonly health: string }[]
  readonly gateway: GatewayStatus
}

const programs = [
  { name: 'gateway', at: 'BATON_GATEWAY_URL' },
  { name: 'messaging service', at: 'BATON_SERVICE_URL' },
  { name: 'carrier sandbox', at: 'BATON_SANDBOX_URL' },
  { name: 'fault proxy', at: 'BATON_FAULTS_URL' },
] as const

const HEALTH_TIMEOUT_MS = 3_000

/** The health of the programs and what the gateway knows. Not to be had when the gateway cannot be reached. */
export async function readStatus(reach: Reach): Promise<Outcome<Status>> {
  const [gateway, ...health] = await Promise.all([
    callApi<GatewayStatus>(reach, {
      at: 'BATON_GATEWAY_URL',
      key: 'BATON_OPERATOR_KEY',
      method: 'GET',
      path: '/operator/status',
    }),
    ...programs.map(async ({ name, at }) => ({
      name,
      url: reach.get(at) ?? '',
      health: await healthAt(reach, at),
    })),
  ])
  return gateway.kind === 'done'
    ? { kind: 'done', value: { programs: health, gateway: gateway.value } }
    : gateway
}

async function healthAt(reach: Reach, at: (typeof programs)[number]['at']): Promise<string> {
  if (reach.get(at) === undefined) return 'unknown: no URL'
  const answer = await callApi(reach, { at, method: 'GET', path: '/healthz', timeoutMs: HEALTH_TIMEOUT_MS })
  if (answer.kind === 'done') return 'healthy'
  return answer.kind === 'refused' ? `not healthy: ${answer.detail}` : 'cannot be reached'
}

export function statusCommand({ reach, report, finish }: CliContext): Command {
  return new Command('status')
    .description('health, mode, breaker, quota and what is under way; exit code 1 when a program is not well')
    .option('--json', 'the answer as JSON')
    .action(async (options: { json?: boolean }) => {
      const outcome = await readStatus(reach)
      report(outcome, options, render)
      const isWell = outcome.kind === 'done' && outcome.value.programs.every(isHealthy)
      if (outcome.kind === 'done' && !isWell) finish(exitCodes.refused)
    })
}

const isHealthy = ({ health }: Status['programs'][number]): boolean => health === 'healthy'

function render({ programs, gateway }: Status): string {
  const { mode, breaker, shadow, ledger, quota } = gateway
  const underWay =
    ledger === null
      ? 'The ledger cannot be asked.'
      : ledger.length === 0
        ? 'No message is under way.'
        : table(
            ['holder', 'state', 'messages'],
            ledger.map((row) => [row.holder, row.state, row.messages]),
          )
  return [
    table(
      ['program', 'url', 'health'],
      programs.map(({ name, url, health }) => [name, url, health]),
    ),
    renderModes(mode),
    table(
      [
        'breaker',
        'in progress',
        'open requests',
        'unresolved',
        'scheduled',
        'shadowed',
        'compared',
        'dropped',
        'failed',
      ],
      [
        [
          breaker,
          gateway.requests_in_progress,
          gateway.open_requests,
          gateway.unresolved_messages,
          gateway.scheduled_messages,
          shadow.offered,
          shadow.logged,
          shadow.dropped,
          shadow.failed,
        ],
      ],
    ),
    underWay,
    table(
      ['tenant', 'quota', 'used', 'reserved'],
      quota.map((account) => [account.tenant, account.limit, account.used, account.reserved]),
    ),
  ].join('\n\n')
}
