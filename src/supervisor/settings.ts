import { knownSettings } from '../process/known-settings.ts'
import {
  optionalText,
  parseSettings,
  Problem,
  port,
  text,
  type Parsed,
  type Setting,
} from '../process/settings.ts'

const optionalDatabaseUrl = (name: string, about: string): Setting<string | null> => ({
  name,
  about,
  fallback: '',
  parse: (value) => {
    if (value === '') return null
    const isUrl = URL.canParse(value) && /^postgres(ql)?:$/.test(new URL(value).protocol)
    return isUrl ? value : new Problem('a postgres:// URL')
  },
})

export const upSettings = {
  directory: text('BATON_DIRECTORY', 'where everything of this Baton is kept', '.baton'),
  host: text('BATON_HOST', 'address to listen on', '127.0.0.1'),
  gatewayPort: port('BATON_GATEWAY_PORT', 'port of the gateway; 0 picks a free one', '8080'),
  servicePort: port('BATON_SERVICE_PORT', 'port of the messaging service', '8081'),
  sandboxPort: port('BATON_SANDBOX_PORT', 'port of the carrier sandbox', '8082'),
  faultsPort: port('BATON_FAULTS_PORT', 'port to set the faults of the fault proxy', '8083'),
  faultProxyPort: port('BATON_FAULT_PROXY_PORT', 'port the gateway reaches the service by', '8084'),
  sandboxLog: optionalText('BATON_SANDBOX_LOG', "the carrier's own log"),
  databaseUrl: optionalDatabaseUrl('DATABASE_URL', 'an existing PostgreSQL, as an administrator'),
  legacyDatabaseUrl: optionalDatabaseUrl('LEGACY_DATABASE_URL', 'the same for sms_logs, when elsewhere'),
  gatewayPassword: optionalText('BATON_GATEWAY_DB_PASSWORD', "password of the gateway's role"),
  servicePassword: optionalText('BATON_SERVICE_DB_PASSWORD', "password of the service's role"),
} as const

export type UpConfig = Extract<Parsed<typeof upSettings>, { values: unknown }>['values']

export function parseUpSettings(
  environment: Readonly<Record<string, string | undefined>>,
): Parsed<typeof upSettings> {
  return parseSettings(upSettings, environment, knownSettings)
}
