import type { Program } from '../process/main.ts'
import { knownSettings } from '../process/known-settings.ts'
import {
  oneOf,
  optionalHttpUrl,
  optionalText,
  parseSettings,
  port,
  text,
  type Parsed,
} from '../process/settings.ts'
import { startSandbox } from './sandbox.ts'

export const sandboxSettings = {
  logLevel: oneOf(['debug', 'info', 'warn', 'error'])(
    'BATON_LOG_LEVEL',
    'least level that is logged',
    'info',
  ),
  host: text('BATON_HOST', 'address to listen on', '127.0.0.1'),
  port: port('BATON_SANDBOX_PORT', 'port to listen on; 0 picks a free one', '8082'),
  logPath: text('BATON_SANDBOX_LOG', "the carrier's own log", '.baton/carrier.jsonl'),
  serviceCallback: optionalHttpUrl(
    'BATON_SANDBOX_SERVICE_CALLBACK',
    'where the account `service` is told of deliveries and replies',
  ),
  legacyCallback: optionalHttpUrl('BATON_SANDBOX_LEGACY_CALLBACK', 'the same for the account `legacy`'),
  secret: optionalText('BATON_SANDBOX_SECRET', 'signs what the carrier sandbox calls back with'),
} as const

type SandboxConfig = Extract<Parsed<typeof sandboxSettings>, { values: unknown }>['values']

export const sandboxProgram: Program<SandboxConfig> = {
  name: 'sandbox',
  parse: (environment) => {
    const parsed = parseSettings(sandboxSettings, environment, knownSettings)
    if ('problems' in parsed) return parsed
    const { serviceCallback, legacyCallback, secret } = parsed.values
    const isUnsigned = secret === null && (serviceCallback !== null || legacyCallback !== null)
    return isUnsigned
      ? { problems: ['BATON_SANDBOX_SECRET: is not set: callbacks are signed with it'] }
      : parsed
  },
  async start({ host, port: wanted, logPath, serviceCallback, legacyCallback, secret }, log) {
    const sandbox = await startSandbox({
      host,
      port: wanted,
      logPath,
      callbacks: { service: serviceCallback, legacy: legacyCallback },
      ...(secret === null ? {} : { callbackSecret: secret }),
      log,
    })
    log.info({ url: sandbox.url, port: sandbox.port, logPath }, 'listening')
    return { url: sandbox.url, stop: sandbox.close }
  },
}
