// The four programs that `up` starts, in the order of their start: each needs the ones before it.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { ReachedBy } from '../process/env-file.ts'
import type { RoleUrls } from './prepare-databases.ts'
import { choosePorts, type PortUse } from './ports.ts'
import type { UpConfig } from './settings.ts'

export const programNames = ['sandbox', 'service', 'fault-proxy', 'gateway'] as const
export type ProgramName = (typeof programNames)[number]

export interface ProgramSpec {
  readonly name: ProgramName
  /** As in messages. */
  readonly title: string
  /** Relative to the package's root. */
  readonly file: string
  readonly ports: readonly PortUse[]
  /** Origin that answers `/healthz`. */
  readonly url: string
  /** What it gets besides the settings that are passed through; undefined: is taken out. */
  readonly environment: () => Readonly<Record<string, string | undefined>>
}

/** An origin for a client on this machine, also where the server listens on every address. */
export function originOf(host: string, port: number): string {
  const reached = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`
}

export interface Programs {
  readonly specs: Readonly<Record<ProgramName, ProgramSpec>>
  readonly urls: Pick<
    ReachedBy,
    'BATON_GATEWAY_URL' | 'BATON_SERVICE_URL' | 'BATON_SANDBOX_URL' | 'BATON_FAULTS_URL'
  >
}

type Ports = Readonly<Record<'sandbox' | 'service' | 'faults' | 'proxy' | 'gateway', PortUse>>

/** `databases` is asked at every start: a private PostgreSQL comes back on another port. */
export async function planPrograms(config: UpConfig, databases: () => RoleUrls): Promise<Programs> {
  const wanted: Ports = {
    sandbox: { program: 'carrier sandbox', setting: 'BATON_SANDBOX_PORT', port: config.sandboxPort },
    service: { program: 'messaging service', setting: 'BATON_SERVICE_PORT', port: config.servicePort },
    faults: { program: 'fault proxy (control)', setting: 'BATON_FAULTS_PORT', port: config.faultsPort },
    proxy: { program: 'fault proxy', setting: 'BATON_FAULT_PROXY_PORT', port: config.faultProxyPort },
    gateway: { program: 'gateway', setting: 'BATON_GATEWAY_PORT', port: config.gatewayPort },
  }
  const ports = await choosePorts(config.host, wanted)
  const urlOf = (use: PortUse): string => originOf(config.host, use.port)
  const urls = {
    BATON_GATEWAY_URL: urlOf(ports.gateway),
    BATON_SERVICE_URL: urlOf(ports.service),
    BATON_SANDBOX_URL: urlOf(ports.sandbox),
    BATON_FAULTS_URL: urlOf(ports.faults),
  }
  // Of this run alone: both who sign and who check are started by it.
  const sandboxSecret = randomBytes(24).toString('base64url')
  return { specs: specsOf(config, ports, urls, databases, sandboxSecret), urls }
}

function specsOf(
  config: UpConfig,
  { sandbox, service, faults, proxy, gateway }: Ports,
  urls: Programs['urls'],
  databases: () => RoleUrls,
  sandboxSecret: string,
): Programs['specs'] {
  const setting = (use: PortUse) => ({ [use.setting]: String(use.port) })
  return {
    sandbox: {
      name: 'sandbox',
      title: 'carrier sandbox',
      file: 'bin/sandbox.ts',
      ports: [sandbox],
      url: urls.BATON_SANDBOX_URL,
      environment: () => ({
        ...setting(sandbox),
        BATON_SANDBOX_LOG: config.sandboxLog ?? join(config.directory, 'carrier.jsonl'),
        BATON_SANDBOX_SECRET: sandboxSecret,
        // Of the service's one provider; a providers file names its own.
        BATON_SANDBOX_SERVICE_CALLBACK: `${urls.BATON_SERVICE_URL}/receipts/sandbox-service`,
      }),
    },
    service: {
      name: 'service',
      title: 'messaging service',
      file: 'bin/service.ts',
      ports: [service],
      url: urls.BATON_SERVICE_URL,
      environment: () => ({
        ...setting(service),
        BATON_SANDBOX_URL: urls.BATON_SANDBOX_URL,
        BATON_SANDBOX_SECRET: sandboxSecret,
        BATON_GATEWAY_URL: urls.BATON_GATEWAY_URL,
        DATABASE_URL: databases().serviceLedger,
      }),
    },
    'fault-proxy': {
      name: 'fault-proxy',
      title: 'fault proxy',
      file: 'bin/fault-proxy.ts',
      ports: [faults, proxy],
      url: urls.BATON_FAULTS_URL,
      environment: () => ({ ...setting(faults), ...setting(proxy), ...setting(service) }),
    },
    gateway: {
      name: 'gateway',
      title: 'gateway',
      file: 'bin/gateway.ts',
      ports: [gateway],
      url: urls.BATON_GATEWAY_URL,
      environment: () => ({
        ...setting(gateway),
        BATON_SERVICE_URL: originOf(config.host, proxy.port), // the fault proxy stands between
        BATON_SANDBOX_URL: urls.BATON_SANDBOX_URL,
        DATABASE_URL: databases().gatewayLedger,
        LEGACY_DATABASE_URL: databases().gatewayLegacy,
      }),
    },
  }
}

const WITHHELD = [
  'DATABASE_URL',
  'LEGACY_DATABASE_URL',
  'BATON_GATEWAY_DB_PASSWORD',
  'BATON_SERVICE_DB_PASSWORD',
  'BATON_API_KEY',
  'BATON_OPERATOR_KEY',
  'BATON_SANDBOX_SECRET',
]

/** The environment of a program: the caller's without administrators' URLs and keys, and its own settings. */
export function environmentOf(
  spec: ProgramSpec,
  inherited: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const all = Object.entries({
    ...inherited,
    ...Object.fromEntries(WITHHELD.map((name) => [name, undefined])),
    ...spec.environment(),
  })
  return Object.fromEntries(all.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}
