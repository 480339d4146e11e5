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
  words,
  type Parsed,
} from '../process/settings.ts'
import { sandboxProvider, type SandboxOptions } from '../providers/sandbox.ts'
import type { Keywords } from '../sms/keyword.ts'
import { soleProvider, type OpenProviders } from './providers.ts'
import { readProviders } from './providers-file.ts'
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
  providersFile: optionalText(
    'BATON_PROVIDERS_FILE',
    'JSON file of providers and their routes; without it the carrier sandbox takes everything',
  ),
  gatewayUrl: optionalText('BATON_GATEWAY_URL', 'the gateway, which is told what became of messages'),
  publicUrl: optionalText('BATON_PUBLIC_URL', 'origin under which providers call back with receipts'),
  sandboxSecret: optionalText('BATON_SANDBOX_SECRET', 'signs what the carrier sandbox calls back with'),
  stopWords: words(
    'BATON_STOP_WORDS',
    'texts that put their writer on the STOP list',
    'STOP,STOPALL,STOP ALL,UNSUBSCRIBE,CANCEL,END,QUIT,REVOKE,OPTOUT,OPT OUT',
  ),
  startWords: words('BATON_START_WORDS', 'texts that take their writer off it', 'START,UNSTOP'),
} as const

/** Opened when the service starts, not when its settings are read. */
const soleSandbox =
  (options: SandboxOptions, inFlightMax: number): OpenProviders =>
  (events) =>
    soleProvider(sandboxProvider(options), inFlightMax)(events)

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/

type ServiceProgramConfig = Extract<Parsed<typeof serviceSettings>, { values: unknown }>['values'] & {
  readonly openProviders: OpenProviders
  readonly keywords: Keywords
}

export const serviceProgram: Program<ServiceProgramConfig> = {
  name: 'service',
  parse: (environment) => {
    const parsed = parseSettings(serviceSettings, environment, knownSettings)
    if ('problems' in parsed) return parsed
    const { values } = parsed
    if (values.secret === null && !LOOPBACK.test(values.host)) {
      const problem = `BATON_HOST: is ${values.host}: beyond loopback the service needs BATON_SERVICE_SECRET`
      return { problems: [problem] }
    }
    const keywords = { stop: values.stopWords, start: values.startWords }
    const { sandboxUrl, providerTimeoutMs: timeoutMs, dispatchInFlightMax: inFlightMax, publicUrl } = values
    if (values.providersFile === null) {
      const sandbox = {
        url: sandboxUrl,
        account: 'service',
        timeoutMs,
        connectionsMax: inFlightMax,
        ...(values.sandboxSecret === null ? {} : { receiptSecret: values.sandboxSecret }),
      } as const
      return { values: { ...values, keywords, openProviders: soleSandbox(sandbox, inFlightMax) } }
    }
    const providers = readProviders(values.providersFile, environment)
    if ('problems' in providers) return providers
    const openProviders = providers.open({ timeoutMs, inFlightMax, publicUrl })
    return { values: { ...values, keywords, openProviders } }
  },
  start: (config, log) => startService(config, config.openProviders, log),
}
