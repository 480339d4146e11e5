import { isDenied } from '../prose/modality.ts'
import type { Sentence } from '../prose/prose.ts'
import { isModeSwitch } from './mode-context.ts'
import type { CodeFact, Facts } from './facts.ts'
import { perFacts } from './per-facts.ts'
import type { Section } from '../markdown/document.ts'

/** A section that changes the controller. */
export interface Step {
  readonly section: Section
  readonly codes: readonly CodeFact[]
  readonly score: number
}

const CONTROLLER = /\bSmsController\b/
const CHANGE =
  /(?:^|[\s:(,])(?:edit|modify|change|replace|add|append|insert|open|patch|update|extend|rewrite|put|paste|adapt|overwrite|apply|implement|introduce|wire|integrate|move|remove|delete|place|write|rework|swap|drop|bring|touch up|amend|set up)\b|\b(?:becomes|is replaced|replaces|gets? (?:the|a|this|these)|now reads|is changed|is extended|must (?:contain|read|look|be changed)|should (?:contain|read|look))\b/i
const ONLY_READS =
  /\b(?:git (?:log|show|diff|blame|status|checkout|restore|stash)|php -l|lint\w*|cat|less|grep|cp|copy|copies|backup|back up|back-up|restor\w+|revert\w*|roll\w* back|read|review\w*|inspect\w*|compar\w+|check\w*|verif\w+|confirm\w*|diff|view|look at|keep a copy|save a copy|archiv\w+|only step|no other step|exactly one step|nothing else)\b/i

/** The sections that change the controller, in the order of the text. */
export const controllerSteps: (facts: Facts) => Step[] = perFacts(findSteps)

function findSteps(facts: Facts): Step[] {
  const steps: Step[] = []
  const bySection = groupBySection(facts)
  for (const [section, { sentences, codes }] of bySection) {
    if (facts.archived.has(section)) continue
    const shown = codes.filter(({ code, instructs }) => instructs && code.language === 'php')
    const changing = shown.filter((fact) => namesController(fact))
    const isTold = sentences.some((sentence) => tellsChange(sentence))
    const isHeaded = CONTROLLER.test(section.heading ?? '') || /\bcontroller\b/i.test(section.heading ?? '')
    const named = sentences.some(
      (sentence) => CONTROLLER.test(sentence.text) && sentence.unit.kind !== 'comment',
    )
    const isHeadedWithCode =
      isHeaded &&
      shown.some((fact) => sendsOrDecides(facts, fact)) &&
      (named || CONTROLLER.test(section.heading ?? ''))
    const isPatchedByShell = codes.some(
      ({ code, instructs }) =>
        instructs &&
        code.language === 'shell' &&
        /\b(?:sed\s+-i|patch\b|perl\s+-\w*i|ed\s)[^\n]*SmsController\.php/.test(code.text),
    )
    if (changing.length === 0 && !isTold && !isHeadedWithCode && !isPatchedByShell) continue
    steps.push({ section, codes: shown, score: fullness(facts, shown) })
  }
  if (steps.length > 0) return steps
  return Array.from(bySection)
    .flatMap(([section, { codes }]) => {
      const shown = codes.filter(
        ({ code, tree, instructs }) =>
          instructs && code.language === 'php' && tree?.nodes.some((node) => isModeSwitch(node)),
      )
      return shown.length > 0 && !facts.archived.has(section)
        ? [{ section, codes: shown, score: fullness(facts, shown) }]
        : []
    })
    .slice(0, 1)
}

function groupBySection(facts: Facts): Map<Section, { sentences: Sentence[]; codes: CodeFact[] }> {
  const groups = new Map<Section, { sentences: Sentence[]; codes: CodeFact[] }>()
  const groupOf = (section: Section): { sentences: Sentence[]; codes: CodeFact[] } => {
    const group = groups.get(section) ?? { sentences: [], codes: [] }
    groups.set(section, group)
    return group
  }
  for (const sentence of facts.sentences) groupOf(sentence.section).sentences.push(sentence)
  for (const fact of facts.codes) groupOf(fact.code.section).codes.push(fact)
  return groups
}

function namesController({ code, tree }: CodeFact): boolean {
  if (code.path !== null) return code.path.endsWith('SmsController.php')
  if (/SmsController\.php/.test(code.info)) return true
  if (tree?.nodes.some((node) => node.kind === 'class' && node.name === 'SmsController')) return true
  return /^\s*(?:<\?php\s*)?(?:\/\/|#|\/\*\*?)[^\n]*SmsController(?:\.php|::)/.test(code.text)
}

function tellsChange(sentence: Sentence): boolean {
  const { text } = sentence
  if (
    !sentence.instructs ||
    sentence.unit.kind === 'heading' ||
    sentence.unit.row ||
    !CONTROLLER.test(text) ||
    ONLY_READS.test(text)
  )
    return false
  const match = CHANGE.exec(text)
  return (
    match !== null &&
    !isDenied(text, match.index, match[0].length) &&
    !/\b(?:is going to|will) change\b/i.test(text)
  )
}

function sendsOrDecides(facts: Facts, { tree }: CodeFact): boolean {
  return (
    tree?.nodes.some((node) => isModeSwitch(node) || (tree && facts.roles.roleOf(tree, node) !== null)) ??
    false
  )
}

function fullness(facts: Facts, codes: readonly CodeFact[]): number {
  const text = codes.map(({ code }) => code.text).join('\n')
  let score = 0
  for (const { tree } of codes) {
    if (!tree) continue
    if (tree.nodes.some((node) => isModeSwitch(node))) score += 8
    const roles = new Set(tree.nodes.map((node) => facts.roles.roleOf(tree, node)))
    score += (roles.has('go') ? 3 : 0) + (roles.has('legacy') ? 3 : 0)
  }
  for (const sign of [
    /messageUuidMap/,
    /recipientMap/,
    /['"]OFF['"]|::OFF|::Off/i,
    /SHADOW/i,
    /['"]ON['"]|::ON|::On/,
    /dry_?run/i,
  ])
    if (sign.test(text)) score += 2
  return score + Math.min(4, text.length / 1000)
}

/** The step that stays: the fullest one, the first of equals. */
export function canonicalStep(steps: readonly Step[]): Step | null {
  let best: Step | null = null
  for (const step of steps) if (!best || step.score > best.score) best = step
  return best
}
