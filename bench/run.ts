// npm run bench [-- NAMES... --rounds N --seconds N]: measures, prints tables, and judges nothing.
import { parseArgs } from 'node:util'
import { addedLatency } from './added-latency.ts'
import type { Benchmark } from './benchmark.ts'
import { gatewayOn } from './gateway-on.ts'
import { machine } from './machine.ts'
import { serviceAlone } from './service-alone.ts'
import { reconciling } from './reconcile.ts'
import { runbookLint } from './runbook.ts'
import { openStage, type Stage } from './stage.ts'

const benchmarks: Readonly<Record<string, Benchmark>> = {
  gateway: gatewayOn,
  service: serviceAlone,
  latency: addedLatency,
  runbook: runbookLint,
  reconcile: reconciling,
}

const usage = [
  'npm run bench -- [NAMES...] [--rounds N] [--seconds N] [--profile DIRECTORY]',
  ...Object.entries(benchmarks).map(([name, { about }]) => `  ${name.padEnd(10)}${about}`),
].join('\n')

function fail(problem: string): never {
  console.error(`bench: ${problem}\n${usage}`)
  process.exit(2)
}

function whole(name: string, text: string, most: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > most)
    fail(`--${name}: not a whole number from 1 to ${most}: ${text}`)
  return value
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    profile: { type: 'string' }, // a CPU profile of each program that serves
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(usage)
  process.exit(0)
}
const extent = {
  rounds: whole('rounds', values.rounds, 99),
  loadMs: whole('seconds', values.seconds, 60) * 1_000,
}
const names = positionals.length > 0 ? positionals : Object.keys(benchmarks)
const chosen = names.map((name) => benchmarks[name] ?? fail(`no such benchmark: ${name}`))

let opening: Promise<Stage> | undefined
let closing: Promise<void> | undefined
const progress = (text: string): void => void process.stderr.write(`bench: ${text}\n`)
const stage = (): Promise<Stage> => (opening ??= openStage(progress, values.profile))

/** Stops what runs. A benchmark that fails because of it comes here as well and waits for the same end. */
function closeStage(): Promise<void> {
  return (closing ??= (async () => {
    const opened = await opening?.catch(() => undefined)
    await opened?.close()
    opening = undefined
    closing = undefined
  })())
}

async function leave(code: number): Promise<never> {
  await closeStage()
  process.exit(code)
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void leave(130))
process.on('disconnect', () => void leave(1))

try {
  console.log(machine())
  for (const benchmark of chosen) {
    await benchmark.run({ extent, stage, progress, print: console.log })
    await closeStage()
  }
  await leave(0)
} catch (error) {
  console.error(error)
  await leave(1)
}
