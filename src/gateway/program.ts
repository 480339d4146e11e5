import type { Logger } from 'pino'
import { addMetrics } from '../http/metrics.ts'
import { createGatewayMetrics } from '../operator/gateway-metrics.ts'
import { startMonitor, type Monitor } from '../operator/monitor.ts'
import type { Program } from '../process/main.ts'
import type { RunningProgram } from '../process/running-program.ts'
import { knownSettings } from '../process/known-settings.ts'
import {
  count,
  databaseUrl,
  httpUrl,
  milliseconds,
  oneOf,
  optionalAmount,
  optionalText,
  parseSettings,
  port,
  text,
  type Parsed,
} from '../process/settings.ts'
import { sandboxProvider } from '../providers/sandbox.ts'
import type { GatewayConfig } from './config.ts'
import { startGateway } from './gateway.ts'
import { httpLegacyDriver } from './http-legacy-driver.ts'
import type { LegacyDriver } from './legacy-driver.ts'

export const gatewaySettings = {
  logLevel: oneOf(['debug', 'info', 'warn', 'error'])(
    'BATON_LOG_LEVEL',
    'least level that is logged',
    'info',
  ),
  host: text('BATON_HOST', 'address to listen on', '127.0.0.1'),
  port: port('BATON_GATEWAY_PORT', 'port to listen on; 0 picks a free one', '8080'),
  ledgerDatabaseUrl: databaseUrl('DATABASE_URL', 'database with the ledger'),
  legacyDatabaseUrl: optionalText('LEGACY_DATABASE_URL', 'database with sms_logs, when it is another one'),
  connectionsMax: count('BATON_CONNECTIONS_MAX', 'connections to each database', '6'),
  serviceUrl: httpUrl('BATON_SERVICE_URL', 'the messaging service', 'http://127.0.0.1:8081'),
  serviceSecret: optionalText(
    'BATON_SERVICE_SECRET',
    'shared by gateway and service, which sign their calls with it',
  ),
  recipientsMax: count('BATON_RECIPIENTS_MAX', 'most recipients of one request', '10000'),
  entryDeadlineMs: milliseconds('BATON_ENTRY_DEADLINE_MS', 'ms until an entry is answered 503', '3000'),
  ledgerDeadlineMs: milliseconds(
    'BATON_LEDGER_DEADLINE_MS',
    'ms the ledger is asked before unresolved',
    '2000',
  ),
  breakerFailuresMax: count('BATON_BREAKER_FAILURES_MAX', 'failed calls in a row that open the breaker', '5'),
  breakerProbeIntervalMs: milliseconds('BATON_BREAKER_PROBE_INTERVAL_MS', 'ms between health probes', '1000'),
  inDoubtAfterMs: milliseconds(
    'BATON_IN_DOUBT_AFTER_MS',
    'ms until a dispatch without outcome is in doubt',
    '60000',
  ),
  wantedMs: milliseconds('BATON_WANTED_MS', 'age in ms past which an unresolved message is voided', '60000'),
  keyedGraceMs: milliseconds('BATON_KEYED_GRACE_MS', 'ms a caller with a key has to come again', '300000'),
  scheduleDaysMax: count('BATON_SCHEDULE_DAYS_MAX', 'days ahead that send_at may lie', '30'),
  checkIntervalMs: milliseconds(
    'BATON_CHECK_INTERVAL_MS',
    'ms between two rounds of reconciliation and audit',
    '60000',
  ),
  legacyDriver: oneOf(['provider', 'http'])('BATON_LEGACY_DRIVER', 'how the legacy side sends', 'provider'),
  legacyUrl: httpUrl(
    'BATON_LEGACY_URL',
    'the existing application, for the driver http',
    'http://127.0.0.1:8000/sms',
  ),
  legacyToken: optionalText('BATON_LEGACY_TOKEN', 'its bearer token'),
  legacyRehearsalUrl: optionalText(
    'BATON_LEGACY_REHEARSAL_URL',
    'where it says what it would do with a message, and sends nothing; another one than BATON_LEGACY_URL',
  ),
  legacyRoute: optionalText(
    'BATON_LEGACY_ROUTE',
    'the vendor the legacy side sends by, as the service names it',
  ),
  legacyPricePerSegment: optionalAmount('BATON_LEGACY_PRICE', 'what it pays for one part of a message'),
  sandboxUrl: httpUrl('BATON_SANDBOX_URL', 'the carrier sandbox', 'http://127.0.0.1:8082'),
  providerTimeoutMs: milliseconds('BATON_PROVIDER_TIMEOUT_MS', 'ms until a send is in doubt', '10000'),
} as const

type GatewayProgramConfig = Omit<GatewayConfig, 'legacyDatabaseUrl'> &
  Extract<Parsed<typeof gatewaySettings>, { values: unknown }>['values']

const DRIVER_CONNECTIONS_MAX = 64

export const gatewayProgram: Program<GatewayProgramConfig> = {
  name: 'gateway',
  parse: (environment) => {
    const parsed = parseSettings(gatewaySettings, environment, knownSettings)
    if ('problems' in parsed) return parsed
    const problem = rehearsalProblem(parsed.values)
    return problem === undefined ? parsed : { problems: [problem] }
  },
  start: (config, log) => startMonitored(config, log),
}

/** The gateway with its metrics, and with the checks that run all the time. */
async function startMonitored(config: GatewayProgramConfig, log: Logger): Promise<RunningProgram> {
  const legacyDatabaseUrl = config.legacyDatabaseUrl ?? config.ledgerDatabaseUrl
  let monitor: Monitor | undefined
  const gateway = await startGateway(
    { ...config, legacyDatabaseUrl },
    createDriver(config),
    log,
    ({ server, authenticate, legacyDatabase: legacy, readStatus }) => {
      const metrics = createGatewayMetrics({ readStatus, legacy, monitor: () => monitor?.state ?? null })
      addMetrics(server, metrics, ({ authorization }) => authenticate(authorization, 'operate'))
    },
  )
  monitor = startMonitor({
    legacyDatabaseUrl,
    messagingDatabaseUrl: config.ledgerDatabaseUrl,
    intervalMs: config.checkIntervalMs,
    log,
  })
  return {
    url: gateway.url,
    async stop() {
      await Promise.all([monitor?.stop(), gateway.stop()])
    },
  }
}

/** A rehearsal that reached the address of sends would send. */
function rehearsalProblem({
  legacyDriver,
  legacyUrl,
  legacyRehearsalUrl: url,
}: Pick<GatewayProgramConfig, 'legacyDriver' | 'legacyUrl' | 'legacyRehearsalUrl'>): string | undefined {
  const name = 'BATON_LEGACY_REHEARSAL_URL'
  if (url === null) return undefined
  if (legacyDriver !== 'http') return `${name}: is set: only BATON_LEGACY_DRIVER=http can rehearse`
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    return `${name}: must be an http or https URL`
  const address = ({ origin, pathname, search }: URL) => origin + pathname + search
  const isSame = address(new URL(url)) === address(new URL(legacyUrl))
  return isSame ? `${name}: is BATON_LEGACY_URL: a rehearsal there would send` : undefined
}

function createDriver(config: GatewayProgramConfig): LegacyDriver {
  const common = { timeoutMs: config.providerTimeoutMs, connectionsMax: DRIVER_CONNECTIONS_MAX }
  return config.legacyDriver === 'http'
    ? httpLegacyDriver({
        ...common,
        url: config.legacyUrl,
        token: config.legacyToken,
        rehearsalUrl: config.legacyRehearsalUrl,
      })
    : sandboxProvider({ ...common, url: config.sandboxUrl, account: 'legacy' })
}
