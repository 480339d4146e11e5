import { durationsIn, is500, type Duration } from '../facts/duration.ts'
import { mentions } from '../facts/entities.ts'
import type { Facts } from '../facts/facts.ts'
import type { Edit, Problem } from '../finding.ts'
import { safe } from '../fixes/edits.ts'
import { cleanProse } from '../prose/clean.ts'
import { headerOf, offsetIn, type Sentence } from '../prose/prose.ts'
import { isQuestion } from './scan.ts'
import { timeoutMessage } from './timeout-message.ts'

const LIMIT =
  /\b(?:time[- ]?outs?|times? out|timed out|time limit|limit|waits?|waiting|allows?|allowed|gives?|grants?|gives? up|giving up|abort(?:s|ed)?|aband?on(?:s|ed)?|deadline|at most|up to|max(?:imum)?|no later than|not answer(?:ed)?|does not answer|no answer|within|cut(?:s|ting)? off|falls? back after|longer than|cancel(?:s|led)?|has \d|budget|ceiling|after more than|exceeds?)\b/i
const OTHER_LINK =
  /\b(?:delay\w*|latency|slow\w*|inject\w*|simulat\w*|netem|toxi\w*|sleep\w*|probe\w*|health\w*|readiness|liveness|\/healthz?|livez|readyz|deploy\w*|roll-?out|rolling|restart\w*|cache[ds]?|ttl|scrape\w*|p9\d|p50|percentile|alert\w*|panel|provider(?:'s)?|aggregator|vendor|carrier|smpp|soap|listener|reading a request|read timeout|write timeout|idle|load balancer|f5|nginx|ingress|dns|lock|database|statement|query|backoff|retry after|between (?:retries|attempts)|breaker (?:stays|opens|closes|resets|half)|half-?open|cool-?down|interval|every|poll\w*|window|soak|stay(?:s)? in|before the next|sla|ticket|answers? in|average|mean|median|usually|clears? (?:by )?itself|ago|session|token|handset|phone|arrives? within|arrive within|delivered within|sync\w*|propagat\w*|drain\w*|grace\w*|shutdown|flag is (?:read|cached)|pages?|on-?call|acknowledge\w*|connect timeout|connection timeout|shell|ssh|curl|flush\w*|lag|replica\w*)\b/i

/** Sentences and table cells that give the call to the Go service another limit. */
export function timeoutInProse(facts: Facts): Problem[] {
  return facts.sentences.flatMap((sentence) => {
    if (!sentence.instructs || sentence.unit.kind === 'heading' || isQuestion(sentence)) return []
    const durations = durationsIn(sentence.text).filter(({ ms }) => ms <= 120_000)
    if (durations.length === 0) return []
    return sentence.unit.row ? inRow(facts, sentence, durations) : inSentence(facts, sentence, durations)
  })
}

function inSentence(facts: Facts, sentence: Sentence, durations: readonly Duration[]): Problem[] {
  const { text } = sentence
  const context = `${sentence.lead} ${sentence.section.heading ?? ''}`
  const aboutGo =
    mentions(facts.entities.go, text) ||
    (/\bfall-?back|legacy\b/i.test(text) && !/provider/i.test(text)) ||
    clientIn(text) ||
    (/\bthe (?:call|request|hop)\b/i.test(text) && /\btimes?[- ]?out\b/i.test(text)) ||
    (/\btime[- ]?out\b/i.test(text) && mentions(facts.entities.go, context))
  if (!aboutGo || !LIMIT.test(text)) return []
  return durations.flatMap((duration) => {
    if (is500(duration.ms) || !isLimitOfCall(facts, text, duration)) return []
    return [
      {
        from: sentence.from,
        to: sentence.to,
        message: timeoutMessage(duration.ms),
        fix: safe([editOf(facts, sentence, duration)], 'Write 500 ms.'),
      },
    ]
  })
}

function clientIn(text: string): boolean {
  return (
    /\b\w*(?:Client|Gateway)\b(?=\s|$)/.test(text) &&
    /\btime-?out|wait/i.test(text) &&
    !/load balancer/i.test(text)
  )
}

/** The part of the sentence around the figure decides: "500 ms; the probe has 5 s". */
function isLimitOfCall(facts: Facts, text: string, { from, to }: Duration): boolean {
  const start = Math.max(
    text.lastIndexOf(';', from),
    text.lastIndexOf(' – ', from),
    text.lastIndexOf(', and ', from),
    text.lastIndexOf(', but ', from),
    0,
  )
  const ends = [';', ' – ', ', and ', ', but '].map((mark) => text.indexOf(mark, to)).filter((at) => at > 0)
  const clause = text.slice(start, Math.min(text.length, ...ends))
  const without = clause
    .replaceAll(facts.entities.go, 'GO')
    .replaceAll(/\bfall-?back\b|\bcircuit breaker\b/gi, ' ')
  if (OTHER_LINK.test(without)) return false
  if (/\bGO\b\s+(?:waits|allows|gives)\b/.test(without) && /\bprovider/i.test(text)) return false
  return LIMIT.test(clause)
}

function editOf(facts: Facts, sentence: Sentence, { from, to, unit }: Duration): Edit {
  const start = offsetIn(facts.norm, sentence, from)
  const end = offsetIn(facts.norm, sentence, to)
  const raw = facts.norm.slice(start, end)
  const glue = /\d(?=[a-z])/i.test(raw) ? '' : ' '
  const isShort = /^(?:ms|s)$/i.test(unit)
  return { from: start, to: end, text: isShort ? `500${glue}ms` : '500 ms' }
}

function inRow(facts: Facts, sentence: Sentence, durations: readonly Duration[]): Problem[] {
  const { row } = sentence.unit
  if (!row || row.isHeader || isGateTable(facts, row)) return []
  const header = headerOf(facts.document, sentence.unit)
  const table = row.table.rows.find((candidate) => candidate.isHeader)
  const headers = table ? cleanProse(facts.norm.slice(table.from, table.to)) : ''
  const label = cleanProse(
    row.cells
      .filter((cell) => cell.from !== sentence.unit.from)
      .map((cell) => facts.norm.slice(cell.from, cell.to))
      .slice(0, 3)
      .join(' | '),
  )
  const isOwn =
    /\btime[- ]?out\b/i.test(sentence.text) &&
    mentions(facts.entities.go, header) &&
    !OTHER_LINK.test(sentence.text)
  if (isOwn) return problemsOf(facts, sentence, durations)
  const isLimit =
    LIMIT.test(header) ||
    LIMIT.test(label) ||
    /\btime-?out|limit\b/i.test(headers) ||
    LIMIT.test(sentence.section.heading ?? '')
  if (!isLimit || !linkIsToGo(facts, label)) return []
  return sentence.text.trim().length < 40 ? problemsOf(facts, sentence, durations) : []
}

function problemsOf(facts: Facts, sentence: Sentence, durations: readonly Duration[]): Problem[] {
  return durations
    .filter(({ ms }) => !is500(ms))
    .map((duration) => ({
      from: sentence.from,
      to: sentence.to,
      message: timeoutMessage(duration.ms),
      fix: safe([editOf(facts, sentence, duration)], 'Write 500 ms.'),
    }))
}

function isGateTable(facts: Facts, row: NonNullable<Sentence['unit']['row']>): boolean {
  const header = row.table.rows.find((candidate) => candidate.isHeader)
  return (
    header !== undefined &&
    /\b(?:check|pass|expected|expect|action|step|assert|signal|alert|threshold|panel|when|page)\b/i.test(
      cleanProse(facts.norm.slice(header.from, header.to)),
    )
  )
}

/** "core-notify to notify-gw": the Go service is where the link ends, not where it begins. */
function linkIsToGo(facts: Facts, label: string): boolean {
  const places = Array.from(label.matchAll(facts.entities.go), (match) => match.index)
  const isClient = clientIn(`${label} timeout`) || /\b[A-Z_]*TIMEOUT[A-Z_]*\b/.test(label)
  if (places.length === 0 && !/\bfall-?back\b/i.test(label) && !isClient) return false
  const first = label.slice(0, (label.indexOf('|') + 1 || label.length + 1) - 1)
  if (
    OTHER_LINK.test(first.replaceAll(facts.entities.go, 'GO')) ||
    /\b(?:server|http\.Server|reading)\b/i.test(label)
  )
    return false
  const link = /^(.*?)\s*(?:\bto\b|→|->|=>|-->|\bcalls\b)\s*(.*)$/i.exec(first)
  if (link)
    return mentions(facts.entities.go, link[2] ?? '') && !/provider|database|db\b/i.test(link[2] ?? '')
  return places.some((at) => at < first.length) || /\bfall-?back\b/i.test(first) || isClient
}
