import { placesOf } from '../facts/entities.ts'
import type { Facts } from '../facts/facts.ts'
import type { Edit, Problem } from '../finding.ts'
import { deleteLines, safe } from '../fixes/edits.ts'
import { deleteSentence, replaceSentence } from '../fixes/prose-edits.ts'
import { clauseAt, isDenied } from '../prose/modality.ts'
import { headerOf, type Sentence } from '../prose/prose.ts'
import { carriesRows } from './sms-logs-carriers.ts'
import { isQuestion } from './scan.ts'

const WRITE =
  /\b(?:writes?|written|writing|inserts?|inserted|inserting|updates?|updated|upserts?|cop(?:y|ies|ied)|mirrors?|mirrored|sync(?:s|ed|hroni[sz]es?)?|appends?|adds?|added|back-?fills?|completes?|completed|logs?|logged|records?|recorded|stores?|stored|deletes?|purges?|populates?|populated|fills?|filled|persists?|persisted|saves?|saved|pushes|replicates?|replicated|propagates?|repairs?|maintains?|exports?|imports?|loads?|flushes|corrects?|corrected|correcting|fix(?:es|ed)?|amends?|amended|adjusts?|adjusted|modif(?:y|ies|ied)|alters?|altered|patch(?:es|ed)?|marks?|marked|sets?|changes?|changed|touch(?:es|ed)?|puts?|feeds?|fed|transfers?|transferred|moves?|moved|enrich(?:es|ed)?|supplements?|supplemented|refresh(?:es|ed)?|overwrites?|overwritten|replaces?|replaced|posts?|enters?|entered|notes?|noted|registers?|registered|drops?|places?|placed|keeps? .{0,40}(?:up to date|current|in step)|filling|correct|tid(?:y|ies|ied)|heals?|reconciles?|catch(?:es)? up|truncates?|cleans?|prunes?|closes)\b/gi
const TABLE = /(?<![\w])(?:\w+\.)?sms_logs\b/g
const OWN_LOG =
  /\b(?:laravel|portal|monolith|app(?:lication)?)(?:'s|’s)? (?:own )?(?:sms )?(?:log|log table|table)\b/i

/** Sentences that let the Go side write to sms_logs. */
export function goWritesInProse(facts: Facts, message: string): Problem[] {
  return facts.sentences.flatMap((sentence) => {
    if (!sentence.instructs || sentence.unit.kind === 'heading' || isQuestion(sentence)) return []
    if (sentence.unit.row) return inRow(facts, sentence, message)
    const { text } = sentence
    const table = targetIn(facts, text) ?? pronounFor(facts, sentence)
    if (!table) return []
    const verb = verbFor(sentence, table)
    if (!verb || isAnsweredNo(facts, sentence) || isSelect(text)) return []
    if (!isGoAgent(facts, sentence, verb) && !isCarriedOver(facts, text, table)) return []
    const whole = paragraphOf(facts, sentence)
    return [
      {
        from: whole.from,
        to: whole.to,
        message,
        fix: safe(fixOf(facts, sentence), 'Delete it; Go writes only to go_sms_logs.'),
      },
    ]
  })
}

/** "Somebody asked whether it could. No." lets nobody write. */
function isAnsweredNo(facts: Facts, sentence: Sentence): boolean {
  const { text } = sentence
  const next = facts.neighbour(sentence, 1)
  const answer = next?.unit === sentence.unit ? next.text : ''
  return (
    /\b(?:ask(?:s|ed)|wonder(?:s|ed)|question(?:s|ed)?|propos(?:es|ed|al)|suggest(?:s|ed|ion)|idea|wish(?:es|ed)?|wanted)\b/i.test(
      text,
    ) &&
    (/^\W*(?:no\b|never\b|not\b|rejected|refused|declined|denied|it (?:may|must|can|does|will|shall) not)/i.test(
      answer,
    ) ||
      /\b(?:ask(?:s|ed)|wonder(?:s|ed)|question) (?:\w+ )?(?:whether|if)\b/i.test(text) ||
      /\b(?:rejected|refused|declined|turned down|answer (?:is|was) no)\b/i.test(text))
  )
}

/** The table by its name, or as the other application's log. */
function targetIn(facts: Facts, text: string): { from: number; to: number } | null {
  const named = placesOf(TABLE, text).find(({ from }) => !text.slice(0, from).endsWith('go_'))
  if (named) return named
  const own = OWN_LOG.exec(text)
  if (own) return { from: own.index, to: own.index + own[0].length }
  const byName = facts.entities.laravelNames.find((name) =>
    new RegExp(
      String.raw`\b${name.replaceAll('.', String.raw`\.`)}(?:'s)? (?:own )?(?:sms )?(?:log|log table|table)\b`,
      'i',
    ).test(text),
  )
  if (!byName) return null
  const at = text.indexOf(byName)
  return at < 0 ? null : { from: at, to: at + byName.length }
}

/** "... reads `sms_logs`. Therefore the service fills it ...": the table of the sentence before. */
function pronounFor(facts: Facts, sentence: Sentence): { from: number; to: number } | null {
  const pronoun =
    /(?<=\b(?:fill|feed|populat|writ|insert|updat|refresh|maintain|mirror|sync|complet)\w*\s+(?:in)?(?:to\s+)?)(?:it|(?:this|that|the) table|there)\b/i.exec(
      sentence.text,
    )
  const before = facts.neighbour(sentence, -1)
  if (!pronoun || before?.unit !== sentence.unit || /\bgo_sms_logs\b/.test(before.text + sentence.text))
    return null
  if (placesOf(TABLE, before.text).length === 0) return null
  return { from: pronoun.index, to: pronoun.index + pronoun[0].length }
}

const DATABASE =
  /\b(?:triggers?|rules?|(?:logical )?replication|replicat\w+|foreign (?:table|data wrapper)|fdw|db_?link|database link|materiali[sz]ed view|subscription|publication|cdc|change data capture|debezium|stored procedure|federated|sync\w*|mirror\w*|stream\w*|event scheduler)\b/i
const INTO =
  /\b(?:to|into|in|fill\w*|feed\w*|populat\w*|refresh\w*|maintain\w*|updat\w*|onto|towards)\s+(?:the\s+|table\s+|foreign\s+|remote\s+)*[`"']?(?:\w+\.)?$/i

/** A mechanism of the database that carries rows from the service's own table into sms_logs. */
function isCarriedOver(facts: Facts, text: string, table: { from: number }): boolean {
  const isNamed = /\bgo_sms_logs\b/.test(text) && DATABASE.test(text)
  const names = placesOf(facts.entities.laravel, text).filter(({ from }) => !isInTarget(text, from))
  return isNamed && names.length === 0 && INTO.test(text.slice(0, table.from))
}

function verbFor(
  sentence: Sentence,
  table: { from: number; to: number },
): { from: number; to: number } | null {
  const { text } = sentence
  const noun = /\b(?:inserts?|writes?|copy|job|insertion|update)\s+(?:into|to|of)\b/i.exec(text)
  const verbs = Array.from(text.matchAll(WRITE), (match) => ({
    from: match.index,
    to: match.index + match[0].length,
  })).filter(({ from, to }) => {
    if (isDenied(text, from, to - from)) return false
    if (to <= table.from && /\b(?:never|not|nor|no)\b/i.test(text.slice(to, table.from))) return false
    return !text.slice(0, from).endsWith('_')
  })
  const before = verbs.findLast(({ from }) => from < table.from)
  if (before) return before
  if (noun && !isDenied(text, noun.index)) return { from: noun.index, to: noun.index + noun[0].length }
  return verbs[0] ?? null
}

function isSelect(text: string): boolean {
  return (
    /\b(?:select|reads?|queries|query|compare[ds]?|join(?:s|ed)?|counts?|lists?|only (?:laravel|writer)|sole writer|alone writes)\b/i.test(
      text,
    ) && !/\b(?:then|and) (?:writes?|inserts?|copies|updates?)\b/i.test(text)
  )
}

/** The last system named before the verb writes; in the passive the one after "by". */
function isGoAgent(facts: Facts, sentence: Sentence, verb: { from: number; to: number }): boolean {
  const { text } = sentence
  const clause = clauseAt(text, verb.from)
  const by = /\bby\s+(?:the\s+|a\s+|our\s+)?/i.exec(text.slice(verb.to, clause.to + 60))
  const inAgent =
    /\b(?:job|worker|cron|handler|process|script|consumer|task)\s+(?:in|of|inside|on)\s+(?:the\s+)?/i.exec(
      text,
    )
  const go = placesOf(facts.entities.go, text).filter(({ from, to }) => !text.slice(from, to).endsWith('go_'))
  const laravel = placesOf(facts.entities.laravel, text).filter(({ from }) => !isInTarget(text, from))
  if (by) {
    const at = verb.to + by.index + by[0].length
    const near = (place: { from: number }): boolean => Math.abs(place.from - at) <= 60 && place.from >= at - 8
    if (go.some(near)) return true
    if (laravel.some(near)) return false
  }
  if (
    inAgent &&
    go.some(({ from }) => from >= inAgent.index && from <= inAgent.index + inAgent[0].length + 20)
  )
    return true
  const lastGo = go.findLast(({ from }) => from < verb.from)?.from ?? -1
  const lastLaravel = laravel.findLast(({ from }) => from < verb.from)?.from ?? -1
  if (lastGo >= 0 || lastLaravel >= 0) return lastGo > lastLaravel
  return sectionIsGo(facts, sentence)
}

/** "the portal's log" names the target, not the agent. */
function isInTarget(text: string, from: number): boolean {
  return (
    /^\S+(?:'s|’s)? (?:own )?(?:sms )?(?:log|table)\b|^\S+\.sms_logs/i.test(text.slice(from, from + 60)) ||
    /\b(?:into|to|in|of)\s+(?:the\s+)?$/i.test(text.slice(Math.max(0, from - 14), from))
  )
}

function sectionIsGo(facts: Facts, sentence: Sentence): boolean {
  const previous = facts.neighbour(sentence, -1)
  const texts = [
    previous?.unit === sentence.unit ? previous.text : '',
    sentence.lead,
    sentence.section.heading ?? '',
    sentence.section.parent?.heading ?? '',
  ]
  for (const text of texts) {
    const isGo = placesOf(facts.entities.go, text).length > 0
    const isLaravel = placesOf(facts.entities.laravel, text).length > 0
    if (isGo !== isLaravel) return isGo
  }
  return false
}

function paragraphOf(_facts: Facts, sentence: Sentence): { from: number; to: number } {
  return { from: sentence.from, to: sentence.to }
}

function fixOf(facts: Facts, sentence: Sentence): Edit[] {
  const next = facts.codes.find(
    ({ code }) =>
      code.from >= sentence.unit.to && facts.norm.slice(sentence.unit.to, code.from).trim() === '',
  )
  const introducesSql =
    next &&
    /:\W*$/.test(facts.norm.slice(sentence.from, sentence.unit.to).trim()) &&
    next.sql.some(({ statement }) => statement.target === 'sms_logs' || carriesRows(statement))
  if (introducesSql && next) return [deleteLines(facts.document.source, sentence.unit.from, next.code.to)]
  return deleteSentence(facts, sentence)
}

function inRow(facts: Facts, sentence: Sentence, message: string): Problem[] {
  const { row } = sentence.unit
  const header = headerOf(facts.document, sentence.unit)
  if (
    !row ||
    row.isHeader ||
    !/\b(?:writers?|written by|writes?|who writes|owner|filled by|write access)\b/i.test(header)
  )
    return []
  const cells = row.cells.map((cell) => facts.norm.slice(cell.from, cell.to))
  const isTable = cells.some((cell) => /^[`*]*(?:\w+\.)?sms_logs[`*]*$/.test(cell.trim()))
  if (
    !isTable ||
    placesOf(facts.entities.go, sentence.text).length === 0 ||
    isDenied(sentence.text, sentence.text.length)
  )
    return []
  if (/\b(?:read|select|only reads)\b/i.test(sentence.text) && !/\bwrit/i.test(sentence.text)) return []
  const laravel = facts.entities.laravelNames[0] ?? 'Laravel'
  return [
    {
      from: sentence.from,
      to: sentence.to,
      message,
      fix: safe(replaceSentence(facts, sentence, laravel), `Name ${laravel} as the only writer.`),
    },
  ]
}
