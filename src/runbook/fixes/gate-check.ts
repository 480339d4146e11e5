import type { Facts } from '../facts/facts.ts'
import type { Edit } from '../finding.ts'
import type { Section, Table } from '../markdown/document.ts'
import { lineStart } from '../markdown/source.ts'
import type { Entry } from '../rules/gate-timeout-missing.ts'
import { goName } from '../rules/scan.ts'
import { appendBlock } from './sections.ts'

const pass =
  "the call is aborted at 500 ms; the legacy driver sends exactly 1 message; 1 arrives; no row with `source = 'go'`"
const action = (facts: Facts): string => `Delay ${goName(facts)} by 800 ms, send 1 message`

/** Adds the check in the way the section lists its checks: a row, an item, or a paragraph. */
export function addCheck(facts: Facts, section: Section, entries: readonly Entry[]): Edit[] {
  const rows = entries.filter(({ kind }) => kind === 'row')
  const items = entries.filter(({ kind }) => kind === 'item')
  const lastRow = rows.at(-1)
  const lastItem = items.at(-1)
  if (lastItem && items.length >= rows.length) return [newItem(facts, lastItem)]
  if (lastRow) return [newRow(facts, lastRow)]
  return [
    appendBlock(facts, section, [
      `In \`ON\`: ${action(facts).toLowerCase().replace(goName(facts).toLowerCase(), goName(facts))}. Pass: ${pass}.`,
    ]),
  ]
}

function newItem(facts: Facts, last: Entry): Edit {
  const { norm } = facts
  const start = lineStart(facts.document.source, last.from)
  const indent = norm.slice(start, last.from)
  const mark = /^(\S+)(\s+)(\[[ xX]\]\s+)?/.exec(norm.slice(last.from, last.from + 30))
  const ordinal = /^(\d+)([.)])$/.exec(mark?.[1] ?? '')
  const nextMark = ordinal ? `${Number(ordinal[1]) + 1}${ordinal[2] ?? '.'}` : (mark?.[1] ?? '-')
  const box = mark?.[3] ? '[ ] ' : ''
  const blank = last.text.includes('\n\n') ? '\n' : ''
  const text = `${indent}${nextMark}${mark?.[2] ?? ' '}${box}\`ON\`: ${action(facts)}: ${pass}.`
  return { from: last.to, to: last.to, text: `\n${blank}${text}` }
}

function newRow(facts: Facts, last: Entry): Edit {
  const { norm, document } = facts
  const table = document.tables.find((candidate) => candidate.from <= last.from && last.to <= candidate.to)
  const cells = table ? rowFor(facts, table, norm) : [action(facts), pass]
  const prefix = norm.slice(lineStart(document.source, last.from), last.from)
  return { from: last.to, to: last.to, text: `\n${prefix}| ${cells.join(' | ')} |` }
}

function rowFor(facts: Facts, table: Table, norm: string): string[] {
  const header = table.rows.find((row) => row.isHeader)
  const names = (header?.cells ?? []).map((cell) => norm.slice(cell.from, cell.to))
  const last = (table.rows.at(-1)?.cells ?? []).map((cell) => norm.slice(cell.from, cell.to))
  const expected = names.findIndex((name) =>
    /pass|expect|result|criteri|outcome|should|must|then/i.test(name),
  )
  const done = names.findIndex(
    (name, index) =>
      index !== expected &&
      /action|check|step|do|test|what|case|scenario|how|when|given/i.test(name) &&
      !isIdentifier(last[index] ?? ''),
  )
  return names.map((name, index) => {
    if (index === expected) return pass
    if (index === done) return action(facts)
    if (isIdentifier(last[index] ?? '')) return successor(last[index] ?? '')
    if (/mode|flag|state/i.test(name)) return '`ON`'
    return expected < 0 && done < 0 && index === names.length - 1 ? `${action(facts)}: ${pass}` : ' '
  })
}

function isIdentifier(cell: string): boolean {
  return /^[A-Z]{0,4}[-. ]?\d+$/i.test(cell.trim())
}

function successor(cell: string): string {
  return cell.trim().replace(/\d+$/, (digits) => String(Number(digits) + 1).padStart(digits.length, '0'))
}

/** Completes a check that only simulates the delay. */
export function extendCheck(facts: Facts, entry: Entry): Edit[] {
  const addition =
    "send 1 message during the delay: the call is aborted at 500 ms, the legacy driver sends exactly 1 message, and `sms_logs` has no row with `source = 'go'` for it"
  if (entry.kind !== 'row') {
    const glue = /[.!]\W*$/.test(entry.text.trimEnd()) ? ' ' : '. '
    const unit = facts.document.units.findLast(
      ({ from, to, kind }) => kind === 'paragraph' && from >= entry.from && to <= entry.to,
    )
    const at = unit?.to ?? entry.to
    return [{ from: at, to: at, text: `${glue}Then ${addition}.` }]
  }
  const row = facts.document.tables.flatMap(({ rows }) => rows).find(({ from }) => from === entry.from)
  const cells = (row?.cells ?? []).filter((cell) => cell.to > cell.from)
  const last = cells.at(-1)
  return last ? [{ from: last.to, to: last.to, text: `; ${addition}` }] : []
}
