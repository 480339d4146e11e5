import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'

/** One line that says where the figures come from; the load tells how noisy it was at the start. */
export function machine(): string {
  const memory = Math.round(totalmem() / 2 ** 30)
  const model = cpus()[0]?.model ?? 'unknown processor'
  const load = loadavg()[0]?.toFixed(2) ?? '?'
  return `${model}, ${availableParallelism()} cores, ${memory} GiB, ${process.platform}, Node ${process.versions.node}, load ${load} at the start`
}
