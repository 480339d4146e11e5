import type { Facts } from '../facts/facts.ts'
import type { Edit } from '../finding.ts'
import { lineEnd } from '../markdown/source.ts'

const HUNK = /^([^\S\n]*@@ -\d+(?:,\d+)? \+\d+)(,\d+)?( @@)/

/** An edited hunk keeps a header that counts right, where it counted right before. */
export function repairHunks(facts: Facts, edits: readonly Edit[]): Edit[] {
  const added: Edit[] = []
  for (const { code } of facts.codes) {
    if (!code.isDiff || !edits.some(({ from, to }) => from >= code.from && to <= code.to)) continue
    for (const hunk of hunksOf(facts.norm, code.from, code.to)) {
      const delta = edits
        .filter(({ from, to }) => from >= hunk.bodyFrom && to <= hunk.to)
        .reduce((sum, edit) => sum + linesOf(edit.text) - linesOf(facts.norm.slice(edit.from, edit.to)), 0)
      if (delta === 0 || hunk.counted !== hunk.stated) continue
      added.push({ from: hunk.countFrom, to: hunk.countTo, text: String(hunk.stated + delta) })
    }
  }
  return [...edits, ...added]
}

function linesOf(text: string): number {
  return text.split('\n').length - 1
}

interface Hunk {
  readonly bodyFrom: number
  readonly to: number
  readonly countFrom: number
  readonly countTo: number
  readonly stated: number
  readonly counted: number
}

function hunksOf(norm: string, from: number, to: number): Hunk[] {
  const hunks: Hunk[] = []
  const starts: number[] = []
  for (let at = from; at < to; at = lineEnd({ norm } as Parameters<typeof lineEnd>[0], at) + 1)
    if (/^[^\S\n]*@@ -/.test(norm.slice(at, at + 60))) starts.push(at)
  starts.forEach((start, index) => {
    const header = HUNK.exec(norm.slice(start, start + 120))
    const length = header?.[2]
    if (!header || length === undefined) return
    const end = norm.indexOf('\n', start)
    const stop = starts[index + 1] ?? to
    const indent = /^[^\S\n]*/.exec(header[0])?.[0].length ?? 0
    const body = norm
      .slice(end + 1, stop)
      .split('\n')
      .map((line) => line.slice(indent))
    const counted = body.filter((line) => /^[ +]/.test(line)).length
    const countFrom = start + (header[1]?.length ?? 0) + 1
    hunks.push({
      bodyFrom: end + 1,
      to: stop,
      countFrom,
      countTo: countFrom + length.length - 1,
      stated: Number(length.slice(1)),
      counted,
    })
  })
  return hunks
}
