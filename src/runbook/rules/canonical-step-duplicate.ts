import { canonicalStep, controllerSteps, type Step } from '../facts/canonical.ts'
import type { Facts } from '../facts/facts.ts'
import type { Problem, Rule } from '../finding.ts'
import { deleteLines, manual, safe } from '../fixes/edits.ts'
import { mergeQuota } from '../fixes/merge-quota.ts'
import { lineAt } from '../markdown/source.ts'
import { controllerPart } from '../fixes/controller-part.ts'

function check(facts: Facts): Problem[] {
  const steps = controllerSteps(facts)
  const canonical = canonicalStep(steps)
  if (!canonical || steps.length < 2) return []
  return steps
    .filter((step) => step !== canonical && !isPartOf(step, canonical))
    .map((step) => problemOf(facts, step, canonical))
}

/** A parent section whose own text introduces the canonical step is no second step. */
function isPartOf(step: Step, canonical: Step): boolean {
  return canonical.section.parent === step.section && step.codes.length === 0
}

function problemOf(facts: Facts, step: Step, canonical: Step): Problem {
  const { source } = facts.document
  const heading = step.section.heading ?? ''
  const line = lineAt(source, canonical.section.from) + 1
  const part = controllerPart(facts, step)
  const merged = mergeQuota(facts, step, canonical)
  const message = `A second step modifies app/Http/Controllers/SmsController.php; "${canonical.section.heading ?? ''}" (line ${line}) is the canonical one`
  const advice = `Delete it; what it adds belongs into "${canonical.section.heading ?? ''}".`
  const end = part.from + facts.norm.slice(part.from, part.to).trimEnd().length
  if (merged === null) return { from: part.from, to: end, message, fix: manual(advice) }
  return {
    from: part.from,
    to: end,
    message,
    fix: safe([deleteLines(source, part.from, end), ...merged], advice, heading),
  }
}

export const canonicalStepDuplicate: Rule = {
  id: 'canonical-step-duplicate',
  title: 'More than one step modifies the controller',
  invariant: null,
  demands: 'Exactly one step modifies app/Http/Controllers/SmsController.php.',
  breaks: [
    'A later section opens the controller again and adds the quota.',
    'An appendix with a patch of the controller, to be applied.',
  ],
  looksOnlySo: [
    'git show, git log, php -l, a backup or a restore of the file',
    'an archived version of the step',
  ],
  fixedBy:
    'The fullest step stays; the others are deleted, and a quota decrement that only they have is moved into ON with its condition corrected.',
  check,
}
