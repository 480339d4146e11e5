import type { Edit } from '../finding.ts'
import { lineStart } from '../markdown/source.ts'
import type { Facts } from '../facts/facts.ts'
import type { Sentence } from '../prose/prose.ts'
import { deleteLines } from './edits.ts'

/** Replaces a sentence and keeps what follows it in its paragraph. */
export function replaceSentence(facts: Facts, sentence: Sentence, text: string): Edit[] {
  const { norm } = facts
  const { from, to } = markedSpan(facts, sentence)
  const label = leadingLabel(norm.slice(from, to))
  const body = norm.slice(from + label.length, to)
  const lines = norm.slice(sentence.unit.from, sentence.unit.to).split('\n')
  return [
    {
      from: from + label.length,
      to,
      text: wrapLike(
        facts,
        from,
        lines.length > 1 ? norm.slice(sentence.unit.from, sentence.unit.to) : body,
        text,
      ),
    },
  ]
}

/** `[ ]`, and a label such as `**On call:**` or `` `OFF`: `` stays before a replacement that does not repeat it. */
function leadingLabel(raw: string): string {
  return /^(?:\[[ xX]\]\s+)?/.exec(raw)?.[0] ?? ''
}

/** The sentence with the emphasis marks around it, so that no half of a pair stays. */
export function markedSpan(facts: Facts, sentence: Sentence): { from: number; to: number } {
  const { norm } = facts
  let { from, to } = sentence
  while (from > sentence.unit.from && /[*_`]/.test(norm[from - 1] ?? '')) from--
  while (to < sentence.unit.to && /[*_`]/.test(norm[to] ?? '')) to++
  return { from, to }
}

/** Keeps a replacement on lines no longer than the widest of the paragraph, with its indentation. */
function wrapLike(facts: Facts, from: number, old: string, text: string): string {
  const { source } = facts.document
  if (!old.includes('\n')) return text
  const start = lineStart(source, from)
  const width = Math.max(60, ...old.split('\n').map((line) => line.length))
  const indent = /^[>\s]*/.exec(old.slice(old.indexOf('\n') + 1))?.[0] ?? ''
  const lines: string[] = []
  let line = ''
  let room = width - (from - start)
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > room) {
      lines.push(line)
      line = ''
      room = width - indent.length
    }
    line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join('\n' + indent)
}

/** Removes a sentence; with it the list item, table row or paragraph when nothing else stands in it. */
export function deleteSentence(facts: Facts, sentence: Sentence): Edit[] {
  const { norm } = facts
  const { source } = facts.document
  const { unit } = sentence
  const { from, to } = markedSpan(facts, sentence)
  const rest = norm.slice(unit.from, from) + norm.slice(to, unit.to)
  if (/\w/.test(rest.replaceAll(/<!--|-->|\[[ xX]\]/g, ''))) return [cutOut(norm, unit, from, to)]
  if (unit.row) return [deleteLines(source, unit.row.from, unit.row.to)]
  if (unit.item && norm.slice(unit.item.from, unit.item.to).trim().length <= unit.to - unit.item.from + 2) {
    return [deleteLines(source, unit.item.from, unit.item.to)]
  }
  return [deleteLines(source, unit.from, unit.to)]
}

/** Cuts a sentence out of its paragraph together with the blank or the line end that set it apart. */
function cutOut(norm: string, unit: { from: number; to: number }, from: number, to: number): Edit {
  const after = /^[ \t]+|^[ \t]*\n[> \t]*/.exec(norm.slice(to, unit.to))?.[0]
  const startsLine = from === unit.from || /\n[> \t]*$/.test(norm.slice(unit.from, from))
  if (startsLine && after !== undefined) return { from, to: to + after.length, text: '' }
  const before = /(?:[ \t]*\n[> \t]*|[ \t]+)$/.exec(norm.slice(unit.from, from))?.[0] ?? ''
  return { from: from - before.length, to, text: '' }
}
