// The carrier sandbox as a process of its own.
import { pino } from 'pino'
import { standardOutput } from '../src/process/logger.ts'
import { startSandbox } from '../src/sandbox/sandbox.ts'
import { processShell } from './process-shell.ts'

const STOP_MAX_MS = 5_000

function fail(problem: string): never {
  console.error(`sandbox: ${problem}`)
  process.exit(2)
}

function port(name: string, fallback: number): number {
  const text = process.env[name] ?? String(fallback)
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    fail(`cannot start: ${name} is not a port: ${text}: give a number from 0 to 65535`)
  }
  return Number(text)
}

const log = pino({ name: 'sandbox' }, standardOutput())
const host = process.env['BATON_HOST'] ?? '127.0.0.1'
const wanted = port('BATON_SANDBOX_PORT', 8082)
const logPath = process.env['BATON_SANDBOX_LOG'] ?? '.baton/carrier.jsonl'
// The parent can die during the start, which a listener added afterwards would never hear of.
let onOrphaned = (): void => process.exit(1)
processShell.onOrphaned(() => onOrphaned())
const sandbox = await startSandbox({ host, port: wanted, logPath, log }).catch((error: unknown) =>
  fail(
    `cannot start on ${host}:${wanted} with ${logPath}: ${error instanceof Error ? error.message : String(error)}`,
  ),
)
log.info({ url: sandbox.url, port: sandbox.port, logPath }, 'listening')

let stopping = false
async function stop(reason: string): Promise<void> {
  if (stopping) return
  stopping = true
  log.info({ reason }, 'stopping')
  setTimeout(() => process.exit(1), STOP_MAX_MS).unref()
  await sandbox.close()
  process.exit(0)
}
process.on('SIGTERM', (signal) => void stop(signal))
process.on('SIGINT', (signal) => void stop(signal))
onOrphaned = () => void stop('the parent is gone')
