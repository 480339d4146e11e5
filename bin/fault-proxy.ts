// The fault proxy as a process of its own.
import { pino } from 'pino'
import { standardOutput } from '../src/process/logger.ts'
import { startFaultProxy } from '../src/fault-proxy/fault-proxy.ts'
import { processShell } from './process-shell.ts'

const STOP_MAX_MS = 5_000

function fail(problem: string): never {
  console.error(`fault-proxy: ${problem}`)
  process.exit(2)
}

function port(name: string, fallback: number, minimum = 0): number {
  const text = process.env[name] ?? String(fallback)
  if (!/^\d{1,5}$/.test(text) || Number(text) < minimum || Number(text) > 65_535) {
    fail(`cannot start: ${name} is not a port: ${text}: give a number from ${minimum} to 65535`)
  }
  return Number(text)
}

const log = pino({ name: 'fault-proxy' }, standardOutput())
const host = process.env['BATON_HOST'] ?? '127.0.0.1'
const ports = { port: port('BATON_FAULT_PROXY_PORT', 8084), controlPort: port('BATON_FAULTS_PORT', 8083) }
const upstream = { host, port: port('BATON_SERVICE_PORT', 8081, 1) }
// The parent can die during the start, which a listener added afterwards would never hear of.
let onOrphaned = (): void => process.exit(1)
processShell.onOrphaned(() => onOrphaned())
const proxy = await startFaultProxy({ host, ...ports, upstream, log }).catch((error: unknown) =>
  fail(
    `cannot start on ${host}:${ports.port}, control ${ports.controlPort}: ${error instanceof Error ? error.message : String(error)}`,
  ),
)
log.info({ port: proxy.port, controlPort: proxy.controlPort, upstream }, 'listening')

let stopping = false
async function stop(reason: string): Promise<void> {
  if (stopping) return
  stopping = true
  log.info({ reason }, 'stopping')
  setTimeout(() => process.exit(1), STOP_MAX_MS).unref()
  await proxy.close()
  process.exit(0)
}
process.on('SIGTERM', (signal) => void stop(signal))
process.on('SIGINT', (signal) => void stop(signal))
onOrphaned = () => void stop('the parent is gone')
