import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import type { DepthResult } from './depths.ts'

const BEGIN = '<!-- figures: written by npm run prove -->'
const END = '<!-- end of figures -->'

/** Replaces the figures of the page by those of this run. Throws when the page has no place for them. */
export function writeFigures(path: string, results: readonly DepthResult[], isShort: boolean): void {
  const page = readFileSync(path, 'utf8')
  const begin = page.indexOf(BEGIN)
  const end = page.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`${path}: has no place for the figures: ${BEGIN} ... ${END}`)
  const figures = renderFigures(results, isShort, new Date().toISOString().slice(0, 10))
  writeFileSync(path, `${page.slice(0, begin)}${BEGIN}\n\n${figures}\n${page.slice(end)}`)
}

export function renderFigures(results: readonly DepthResult[], isShort: boolean, day: string): string {
  const count = new Intl.NumberFormat('en-US')
  const rows = results.map(({ depth, cases, faults, duplicates, lost, bugs, minutes, again }) => {
    const found = bugs.filter((bug) => bug.found).length
    const injected = Object.values(faults).reduce((sum, times) => sum + times, 0)
    return `| ${depth} | ${count.format(cases)} | ${count.format(injected)} | ${duplicates} | ${lost} | ${found} of ${bugs.length} | ${minutes.toFixed(1)} | \`${again}\` |`
  })
  const kinds = results.flatMap(({ depth, faults }) =>
    Object.entries(faults).map(([name, times]) => `| ${depth} | ${name} | ${count.format(times)} |`),
  )
  const skipped = results.flatMap(({ depth, skipped: ofDepth }) => ofDepth.map((one) => `- ${depth}: ${one}`))
  return [
    `The ${isShort ? 'short' : 'full'} run of ${day}, ${cpus().length} cores:`,
    '',
    '| depth | cases | faults | duplicates | lost | planted bugs found | minutes | again |',
    '|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
    '| depth | fault | how often |',
    '|---|---|---|',
    ...kinds,
    ...(skipped.length > 0 ? ['', 'Not possible on that machine:', '', ...skipped] : []),
    '',
  ].join('\n')
}
