// How long a lint takes, by the size of the runbook. Alone: node bin/node24.mjs bench/runbook.ts
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { harden, lint } from '../src/runbook/index.ts'

export interface RunbookRow {
  readonly name: string
  readonly bytes: number
  readonly findings: number
  readonly lintMs: number
  readonly msPerMb: number
}

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

/** Lints runbooks of three sizes and prints a line for each. */
export async function benchRunbook(): Promise<RunbookRow[]> {
  lint(runbookOf(60_000))
  const rows = SIZES.map(([name, bytes]) => {
    const text = runbookOf(bytes)
    const start = performance.now()
    const { findings } = lint(text)
    const lintMs = performance.now() - start
    return {
      name,
      bytes: text.length,
      findings: findings.length,
      lintMs,
      msPerMb: lintMs / (bytes / 1_000_000),
    }
  })
  for (const { name, findings, lintMs, msPerMb } of rows)
    console.log(
      `runbook lint ${name.padStart(7)}: ${lintMs.toFixed(0).padStart(6)} ms, ${msPerMb.toFixed(0).padStart(5)} ms per MB, ${findings} findings`,
    )
  return rows
}

if (import.meta.main) {
  await benchRunbook()
  const text = runbookOf(40_000)
  const start = performance.now()
  const { edits } = harden(text)
  console.log(`runbook harden 40 kB: ${(performance.now() - start).toFixed(0)} ms, ${edits} edits`)
}
