// How long a lint takes, by the size of the runbook.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Table from 'cli-table3'
import { harden, lint } from '../src/runbook/index.ts'
import type { Benchmark } from './benchmark.ts'

const SIZES: readonly (readonly [name: string, bytes: number])[] = [
  ['120 kB', 120_000],
  ['1 MB', 1_000_000],
  ['10 MB', 10_000_000],
]

/** A runbook of a size: the fixtures over and over, as a large team's collection looks. */
function runbookOf(bytes: number): string {
  const folder = join(import.meta.dirname, '..', 'test', 'fixtures', 'runbooks')
  const parts = ['11-checklist.md', '13-tables.md', '15-clean.md'].map((name) =>
    readFileSync(join(folder, name), 'utf8').replace(/^---[\s\S]*?\n---\n/, ''),
  )
  let text = ''
  for (let index = 0; text.length < bytes; index++) text += `${parts[index % parts.length] ?? ''}\n\n`
  return text.slice(0, bytes)
}

function measure(text: string): { readonly ms: number; readonly findings: number } {
  const startedMs = performance.now()
  const { findings } = lint(text)
  return { ms: performance.now() - startedMs, findings: findings.length }
}

/** A lint by the size of the runbook, and one hardening. */
export const runbookLint: Benchmark = {
  about: 'lint of runbooks of 120 kB, 1 MB and 10 MB, harden of 40 kB',
  async run({ progress, print }) {
    lint(runbookOf(60_000))
    const table = new Table({ head: ['runbook', 'ms', 'ms per MB', 'findings'] })
    for (const [name, bytes] of SIZES) {
      progress(`lint of ${name}`)
      const { ms, findings } = measure(runbookOf(bytes))
      table.push([`lint ${name}`, ms.toFixed(0), (ms / (bytes / 1_000_000)).toFixed(0), findings])
    }
    const startedMs = performance.now()
    const { edits } = harden(runbookOf(40_000))
    table.push(['harden 40 kB', (performance.now() - startedMs).toFixed(0), '', `${edits} edits`])
    print(table.toString())
  },
}
