import type { Program } from '../process/main.ts'
import { knownSettings } from '../process/known-settings.ts'
import {
  count,
  databaseUrl,
  httpUrl,
  milliseconds,
  oneOf,
  optionalText,
  parseSettings,
  port,
  text,
  type Parsed,
} from '../process/settings.ts'
import { sandboxProvider } from '../providers/sandbox.ts'
import { startService } from './service.ts'

export const serviceSettings = {
  logLevel: oneOf(['debug', 'info', 'warn', 'error'])(
    'BATON_LOG_LEVEL',
    'least level that is logged',
    'info',
  ),
  host: text('BATON_HOST', 'address to listen on', '127.0.0.1'),
  port: port('BATON_SERVICE_PORT', 'port to listen on; 0 picks a free one', '8081'),
  databaseUrl: databaseUrl('DATABASE_URL', 'database with the ledger and go_sms_logs'),
  connectionsMax: count('BATON_CONNECTIONS_MAX', 'connections to the database', '6'),
  acceptDeadlineMs: milliseconds(
    'BATON_ACCEPT_DEADLINE_MS',
    'ms until an acceptance is answered unresolved',
    '2000',
  ),
  inDoubtAfterMs: milliseconds(
    'BATON_IN_DOUBT_AFTER_MS',
    'ms until a dispatch without outcome is in doubt',
    '60000',
  ),
  dispatchInFlightMax: count('BATON_DISPATCH_IN_FLIGHT_MAX', 'sends in flight at a time', '32'),
  secret: optionalText(
    'BATON_SERVICE_SECRET',
    'shared by gateway and service, which sign their calls with it',
  ),
  sandboxUrl: httpUrl('BATON_SANDBOX_URL', 'the carrier sandbox', 'http://127.0.0.1:8082'),
  providerTimeoutMs: milliseconds('BATON_PROVIDER_TIMEOUT_MS', 'ms until a send is in doubt', '10000'),
} as const

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/

type ServiceProgramConfig = Extract<Parsed<typeof serviceSettings>, { values: unknown }>['values']

export const serviceProgram: Program<ServiceProgramConfig> = {
  name: 'service',
  parse: (environment) => {
    const parsed = parseSettings(serviceSettings, environment, knownSettings)
    if ('problems' in parsed || parsed.values.secret !== null || LOOPBACK.test(parsed.values.host))
      return parsed
    const problem = `BATON_HOST: is ${parsed.values.host}: beyond loopback the service needs BATON_SERVICE_SECRET`
    return { problems: [problem] }
  },
  start: (config, log) => {
    const { sandboxUrl, providerTimeoutMs: timeoutMs, dispatchInFlightMax: connectionsMax } = config
    const provider = sandboxProvider({ url: sandboxUrl, account: 'service', timeoutMs, connectionsMax })
    return startService(config, provider, log)
  },
}
