import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { GeneratedTrace } from './quint.ts'
import { readTrace, type Trace } from './replay/trace.ts'

const path = join(import.meta.dirname, '..', 'spec', 'traces.json.gz')

/** The traces that stand in the repository, so that there is something to replay where Quint cannot be had. */
export function committedTraces(): Trace[] {
  const traces = JSON.parse(gunzipSync(readFileSync(path)).toString('utf8')) as GeneratedTrace[]
  return traces.map(({ name, text }) => readTrace(name, text))
}

/** Without what Quint writes about the day and the machine of the run. */
export function commitTraces(traces: readonly GeneratedTrace[]): void {
  const bare = traces.map(({ name, text }) => {
    const { vars, states } = JSON.parse(text) as { vars: unknown; states: unknown }
    return { name, text: JSON.stringify({ vars, states }) }
  })
  writeFileSync(path, gzipSync(JSON.stringify(bare), { level: 9 }))
}
