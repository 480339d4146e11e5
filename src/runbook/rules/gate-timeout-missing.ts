import { mentions } from '../facts/entities.ts'
import type { Facts } from '../facts/facts.ts'
import { gateSection, isWholeRunbook } from '../facts/places.ts'
import type { Problem, Rule } from '../finding.ts'
import { safe } from '../fixes/edits.ts'
import { addCheck, extendCheck } from '../fixes/gate-check.ts'
import { addSection } from '../fixes/sections.ts'
import { isWithin, type Section } from '../markdown/document.ts'
import { cleanProse } from '../prose/clean.ts'

export interface Entry {
  readonly kind: 'row' | 'item' | 'text'
  readonly from: number
  readonly to: number
  readonly text: string
}

const SIMULATED =
  /\b(?:delay\w*|latency|slow\w*|hang\w*|hung|toxi\w*|netem|sleep\w*|stall\w*|black-?hol\w*|sigstop|-STOP|held|holds?|suspend\w*|paus\w+|freez\w+|frozen|throttl\w*|unresponsive|does not answer|not answer\w*|no answer|iptables|drop\w* packets|-j DROP|(?:simulat\w*|forc\w*|provok\w*|inject\w*|induc\w*|artificial\w*|cause\w*|trigger\w*)[^.]{0,40}\btime-?outs?|time-?outs?[^.]{0,40}(?:simulat\w*|forced|injected|provoked)|(?:beyond|above|over|longer than|more than|past) (?:the )?500\s*ms|faultinject\w*|fault injection|chaos|block\w* for|takes? [\d.]+ ?(?:ms|s)\b)/i
const VALIDATED =
  /\b(?:legacy|fall-?back|sidecar|drivers?|old (?:driver|path|gateway|sender|way|route))\b[\s\S]{0,160}?\b(?:sends?|sent|delivers?|delivered|exactly|takes? over|picks? up|carries|1\b|one\b|once|row|submits?|dispatched|message|\+1|increments?|grows?|handset|arriv\w+)|\b(?:sent|delivered|carried|sends?|arriv\w+|comes?|came|dispatched|out)\b[^.|]{0,50}\b(?:by|through|via|from|over)\b[^.|]{0,30}\b(?:legacy|sidecar|old (?:driver|path|gateway|sender|way)|fall-?back)\b|source\s*=+\s*'?legacy|expect-sender=legacy/i

/** What the gate's section checks: rows, top-level items, and the rest as one text. */
export function entriesOf(facts: Facts, section: Section): Entry[] {
  const { document, norm } = facts
  const entries: Entry[] = []
  const inside = (from: number): boolean => from >= section.headingTo && from < section.to
  for (const table of document.tables) {
    if (!inside(table.from)) continue
    for (const row of table.rows)
      if (!row.isHeader)
        entries.push({
          kind: 'row',
          from: row.from,
          to: row.to,
          text: cleanProse(norm.slice(row.from, row.to)).replaceAll(/ +/g, ' '),
        })
  }
  for (const item of document.items) {
    if (item.parent || !inside(item.from)) continue
    entries.push({
      kind: 'item',
      from: item.from,
      to: item.from + norm.slice(item.from, item.to).trimEnd().length,
      text: cleanProse(norm.slice(item.from, item.to)).replaceAll(/[ \t]+/g, ' '),
    })
  }
  const loose = document.units.filter(
    (unit) =>
      isWithin(unit.section, section) &&
      unit.kind === 'paragraph' &&
      !unit.item &&
      !unit.row &&
      !unit.inQuote,
  )
  const codes = facts.codes.filter(
    ({ code, instructs }) => instructs && isWithin(code.section, section) && !code.item,
  )
  const texts = [...loose, ...codes.map(({ code }) => code)].toSorted((a, b) => a.from - b.from)
  const first = texts[0]
  const last = texts.at(-1)
  if (first && last)
    entries.push({
      kind: 'text',
      from: first.from,
      to: last.to,
      text: texts.map(({ from, to }) => cleanProse(norm.slice(from, to))).join('\n'),
    })
  return entries.toSorted((a, b) => a.from - b.from)
}

const FOLLOW_UP =
  /^\W*(?:\d+\W+)?(?:\[[ x]\]\s*)?(?:expect\w*|pass\w*|verify|check|confirm|then|result|assert|look|after (?:that|which)|afterwards|see that|make sure)\b/i

function check(facts: Facts): Problem[] {
  const section = gateSection(facts)
  if (!section) return isWholeRunbook(facts) ? [withoutGate(facts)] : []
  const entries = entriesOf(facts, section)
  const simulated = entries.filter(({ text }) => SIMULATED.test(text) && isAboutGo(facts, text, section))
  const complete = simulated.some((entry) => {
    const index = entries.indexOf(entry)
    const next = entries[index + 1]
    const followed = next && FOLLOW_UP.test(next.text) ? `${entry.text}\n${next.text}` : entry.text
    const loose = entries.find(({ kind }) => kind === 'text')
    const extra = entry.kind !== 'text' && loose && SIMULATED.test(loose.text) ? loose.text : ''
    return validates(facts, followed) || (extra !== '' && validates(facts, extra))
  })
  if (complete) return []
  const half = simulated.find(({ kind }) => kind !== 'text')
  if (half) {
    const message =
      'The gate simulates the timeout but does not validate that legacy then sends, exactly once'
    return [
      {
        from: half.from,
        to: half.to,
        message,
        fix: safe(extendCheck(facts, half), 'Say what legacy sends during the delay.'),
      },
    ]
  }
  const message = 'The gate has no simulated timeout of the Go service with the validated legacy fallback'
  return [
    {
      from: section.from,
      to: section.headingTo,
      message,
      fix: safe(addCheck(facts, section, entries), 'Add the check.'),
    },
  ]
}

function validates(facts: Facts, text: string): boolean {
  return (
    VALIDATED.test(text) ||
    (mentions(facts.entities.legacy, text) && /\b(?:exactly|sends?|sent|delivers?|1|one)\b/i.test(text))
  )
}

function isAboutGo(facts: Facts, text: string, section: Section): boolean {
  return (
    mentions(facts.entities.go, text) ||
    /\btime-?out|\bservice\b|\bgo\b|\b500\s*ms\b/i.test(text) ||
    mentions(facts.entities.go, section.heading ?? '')
  )
}

function withoutGate(facts: Facts): Problem {
  const title = facts.document.sections.find(({ heading }) => heading !== null) ?? facts.document.sections[0]
  const lines = [
    'Every check MUST pass before the mode changes.',
    '',
    "1. In `ON`, delay the Go service by 800 ms and send 1 message: the call is aborted at 500 ms, the legacy driver sends exactly 1 message, and `sms_logs` has no row with `source = 'go'` for its `message_uuid`.",
  ]
  return {
    from: title?.from ?? 0,
    to: title?.headingTo ?? 0,
    message:
      'The runbook has no verification gate, so no simulated timeout with the validated legacy fallback',
    fix: safe([addSection(facts, 'Verification gate', lines)], 'Add a gate.'),
  }
}

export const gateTimeoutMissing: Rule = {
  id: 'gate-timeout-missing',
  title: 'The gate does not prove the 500 ms fallback',
  invariant: 1,
  demands:
    'The verification gate simulates a timeout of the Go service and validates that legacy then sends.',
  breaks: ['a gate that only sends in OFF, SHADOW and ON', 'a delay whose only pass criterion is an alert'],
  looksOnlySo: [
    'the simulation in one row and the expected sender in its pass cell',
    'the simulation as commands below the table',
  ],
  fixedBy: 'A check is added in the style of the others, or the half that is there is completed.',
  check,
}
