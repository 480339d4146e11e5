import { mentions } from '../facts/entities.ts'
import type { Facts } from '../facts/facts.ts'
import { modesInText } from '../facts/modes.ts'
import type { Problem } from '../finding.ts'
import { safe } from '../fixes/edits.ts'
import { replaceSentence } from '../fixes/prose-edits.ts'
import { isDenied } from '../prose/modality.ts'
import { headerOf, type Sentence } from '../prose/prose.ts'
import { goName, isQuestion, saysNo } from './scan.ts'

const QUOTA =
  /\b(?:quotas?|credits?|allowance|contingent|sms budget|message budget|prepaid (?:balance|units?)|kontingent\w*|guthaben|contingents?|cr[eé]dits?|balance|(?:sms|text|message) (?:units?|tokens?|points?|volume|bundle|pot|wallet)|bundle|wallet|allotment|entitlement|forfait|saldo|cupo)\b/i
const TAKE =
  /\b(?:decrement\w*|deduct\w*|charg(?:e|es|ed|ing)|count(?:s|ed)?|consum\w+|reduc\w+|takes?|taken|debit\w*|burn\w*|us(?:es|ed) up|bill(?:s|ed)?|subtract\w*|lower(?:s|ed)?|goes down|go down|drops?|spends?|spent|booked|withdrawn|shrinks?|costs?|minus one|-1|one less)\b/gi
const EVERYWHERE =
  /\b(?:in (?:every|all|any) modes?|in all three modes|regardless|independent(?:ly)? of|whatever the (?:mode|status|result|outcome)|no matter|for (?:every|each) (?:request|message|call|send|attempt)|on (?:every|each) (?:request|message|call|send|attempt)|per (?:request|message|attempt)|unconditional\w*|always|before the (?:send|call|switch)|up ?front|as soon as|at the (?:entry|start)|immediately|(?:also |even )?(?:after|on|for|in case of|when) (?:a |the |an )?(?:legacy )?fall-?back|both systems|also when (?:the )?legacy)\b/i
const WRONG_STATUS =
  /\b(?:queued|sent|pending|rejected|failed|delivered|submitted|any status|every status|whatever status|any answer|every answer|any response|2xx|http 20\d|200)\b/i

export function quotaInProse(facts: Facts): Problem[] {
  return facts.sentences.flatMap((sentence) => {
    if (!sentence.instructs || sentence.unit.kind === 'heading' || isQuestion(sentence)) return []
    return sentence.unit.row ? inCell(facts, sentence) : inSentence(facts, sentence)
  })
}

function message(where: string): string {
  return `The quota is decremented ${where}; it is decremented only when mode == ON and the status is accepted or duplicate`
}

function inSentence(facts: Facts, sentence: Sentence): Problem[] {
  const { text } = sentence
  if (!QUOTA.test(text)) return []
  const verb = Array.from(text.matchAll(TAKE)).find((match) => !isDenied(text, match.index, match[0].length))
  if (
    !verb ||
    /\b(?:must not|never|only (?:if|when|in|for)|alert|graph|panel|dashboard|metric|refund\w*|compare|expected?|check)\b/i.test(
      text,
    )
  )
    return []
  const modes = facts.modesOf(sentence)
  const where = reason(facts, text, modes)
  return where ? [{ ...spanOf(facts, sentence), message: message(where), fix: fixOf(facts, sentence) }] : []
}

function reason(facts: Facts, text: string, modes: ReadonlySet<string>): string | null {
  if (modes.has('SHADOW') && (modes.size < 3 || !/accepted/.test(text))) return 'in SHADOW'
  if (modes.has('OFF') && modes.size < 3) return 'in OFF'
  if (EVERYWHERE.test(text) && !(/\baccepted\b/i.test(text) && /\bduplicate\b/i.test(text)))
    return 'outside its one condition'
  if (alsoAfterLegacy(facts, text)) return 'after a legacy fallback'
  if (WRONG_STATUS.test(text) && /\bstatus|answers?|returns?|says|reports?\b/i.test(text))
    return 'on other statuses'
  return null
}

/** "... likewise when the old driver has jumped in": what legacy sends costs no quota. */
function alsoAfterLegacy(facts: Facts, text: string): boolean {
  const when =
    /\b(?:also|likewise|too|as well|even|equally|still|all the same|just the same|no less|again)\b[^.;]{0,60}?\b(?:when|if|where|after|for|in case|once|whenever|on|although|though)\b|\b(?:when|if|where|after|once|whenever|for)\b[^.;]*\b(?:also|likewise|too|as well|equally|all the same|just the same)\b/i
  const isLegacy = mentions(facts.entities.legacy, text) || /\bfall(?:s|ing|en)?[ -]?back\b/i.test(text)
  return isLegacy && (when.test(text) || LEGACY_SENT.test(text))
}

const LEGACY_SENT =
  /\b(?:when|if|once|whenever|after|where)\b[^.;]*\b(?:jump(?:s|ed) in|took over|takes over|has (?:sent|delivered|taken over|stepped in)|stepped in|steps in|had to send|sends?|delivers?|delivered)\b/i

function spanOf(_facts: Facts, sentence: Sentence): { from: number; to: number } {
  return { from: sentence.from, to: sentence.to }
}

function fixOf(facts: Facts, sentence: Sentence): Problem['fix'] {
  const text = `The quota is decremented only when the mode is \`ON\` and ${goName(facts)} answers \`accepted\` or \`duplicate\`.`
  const yes = precedingYes(facts, sentence)
  if (!yes) return safe(replaceSentence(facts, sentence, text), `Replace by: ${text}`)
  const edits = replaceSentence(facts, sentence, text)
  return safe([{ from: yes.from, to: yes.to, text: 'No.' }, ...edits], `Replace by: No. ${text}`)
}

/** "Are credits taken in OFF? Yes. In OFF ..." needs its other answer too. */
function precedingYes(facts: Facts, sentence: Sentence): { from: number; to: number } | null {
  const before = facts.neighbour(sentence, -1)
  return before && before.unit === sentence.unit && /^yes[.!,]?$/i.test(before.text.trim()) ? before : null
}

function inCell(facts: Facts, sentence: Sentence): Problem[] {
  const { text } = sentence
  const header = headerOf(facts.document, sentence.unit)
  const label = firstCell(facts, sentence)
  const columnModes = modesInText(header)
  const isQuotaColumn = QUOTA.test(header)
  const isQuotaRow = QUOTA.test(label) && columnModes.size === 1
  if (!isQuotaColumn && !isQuotaRow && !saysTake(text)) return []
  const modes = isQuotaRow ? columnModes : facts.modesOf(sentence)
  if (modes.size !== 1 || modes.has('ON') || label === text.trim() || saysUnchanged(text)) return []
  const line = isQuotaColumn || !saysTake(text) ? noOf(facts, sentence) : 'quota not decremented'
  const fix = safe(replaceSentence(facts, sentence, line), 'Say that it is not counted.')
  return [{ from: sentence.from, to: sentence.to, message: message(`in ${[...modes].join()}`), fix }]
}

function saysTake(text: string): boolean {
  const at = text.search(TAKE)
  return QUOTA.test(text) && at >= 0 && !isDenied(text, at)
}

function saysUnchanged(text: string): boolean {
  return saysNo(text) || isDenied(text, text.length) || /unchanged|same as before|kept/i.test(text)
}

function firstCell(facts: Facts, sentence: Sentence): string {
  const cell = sentence.unit.row?.cells[0]
  return cell ? facts.norm.slice(cell.from, cell.to).trim() : ''
}

/** How this column says no already, so that the table keeps one wording. */
function noOf(facts: Facts, sentence: Sentence): string {
  const { row } = sentence.unit
  const column = row?.cells.findIndex((cell) => cell.from === sentence.unit.from) ?? -1
  for (const other of row?.table.rows ?? []) {
    const cell = other.cells[column]
    const text = cell ? facts.norm.slice(cell.from, cell.to) : ''
    if (!other.isHeader && other !== row && /\w/.test(text) && saysNo(text)) return text
  }
  return 'not decremented'
}
