import type { Program } from '../process/main.ts'
import { knownSettings } from '../process/known-settings.ts'
import { oneOf, parseSettings, peerPort, port, text, type Parsed } from '../process/settings.ts'
import { startFaultProxy } from './fault-proxy.ts'

export const faultProxySettings = {
  logLevel: oneOf(['debug', 'info', 'warn', 'error'])(
    'BATON_LOG_LEVEL',
    'least level that is logged',
    'info',
  ),
  host: text('BATON_HOST', 'address to listen on, and of the service', '127.0.0.1'),
  port: port('BATON_FAULT_PROXY_PORT', 'port the gateway reaches the service by', '8084'),
  controlPort: port('BATON_FAULTS_PORT', 'port to set the faults', '8083'),
  servicePort: peerPort('BATON_SERVICE_PORT', 'port of the messaging service', '8081'),
} as const

type FaultProxyConfig = Extract<Parsed<typeof faultProxySettings>, { values: unknown }>['values']

export const faultProxyProgram: Program<FaultProxyConfig> = {
  name: 'fault-proxy',
  parse: (environment) => parseSettings(faultProxySettings, environment, knownSettings),
  async start({ host, port: listening, controlPort, servicePort }, log) {
    const upstream = { host, port: servicePort }
    const proxy = await startFaultProxy({ host, port: listening, controlPort, upstream, log })
    log.info({ port: proxy.port, controlPort: proxy.controlPort, upstream }, 'listening')
    return { url: `http://${host}:${proxy.controlPort}`, stop: proxy.close }
  },
}
