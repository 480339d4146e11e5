import type { Block, ProgramProblem, Role, Station, Step } from './block.ts'
import { attachedGates, isStation, orderStations, resolveNeeds } from './order.ts'

type Severity = ProgramProblem['severity']

/** What is wrong between the blocks: names that lead nowhere, circles, steps whose fate could not be told. */
export function findProblems(blocks: readonly Block[]): ProgramProblem[] {
  const problems: ProgramProblem[] = []
  const add = (severity: Severity, block: Block, message: string): void =>
    void problems.push({ severity, line: block.line, message: `${block.role} ${block.id}: ${message}` })
  const known = new Map<string, Block>()
  for (const block of blocks) {
    const first = known.get(block.id)
    if (first) add('error', block, `this name is taken: the ${first.role} in line ${first.line} has it`)
    else known.set(block.id, block)
  }
  const names = namesAmong(known, attachedGates(blocks), (block, message) => add('error', block, message))
  for (const block of blocks) {
    checkNames(block, names)
    if (block.role === 'step') checkStep(block, blocks, add)
  }
  findUnused(blocks, add)
  if (problems.every(({ severity }) => severity === 'warning')) findCircle(blocks, add)
  return problems
}

/** Follows names and says what is wrong with where they lead. */
interface Names {
  readonly attached: ReadonlySet<string>
  readonly complain: (block: Block, message: string) => void
  readonly expect: (block: Block, attribute: string, id: string | null, roles: readonly Role[]) => void
}

function namesAmong(
  known: ReadonlyMap<string, Block>,
  attached: ReadonlySet<string>,
  complain: Names['complain'],
): Names {
  return {
    attached,
    complain,
    expect: (block, attribute, id, roles) => {
      if (id === null) return
      const target = known.get(id)
      if (!target) complain(block, `${attribute} names nothing: ${id}: no block has this name`)
      else if (!roles.includes(target.role))
        complain(block, `${attribute} names a ${target.role}: ${id}: it must be a ${roles.join(', ')}`)
    },
  }
}

function checkNeed(block: Station, id: string, { attached, complain, expect }: Names): void {
  expect(block, 'needs', id, ['step', 'gate', 'approval'])
  if (id === block.id) complain(block, 'needs itself')
  if (attached.has(id))
    complain(block, `needs ${id}, which a step evaluates as its own gate: name that step instead`)
}

function checkNames(block: Block, names: Names): void {
  const each = (attribute: string, ids: readonly (string | null)[], role: Role): void => {
    for (const id of ids) names.expect(block, attribute, id, [role])
  }
  if (block.role === 'step') {
    each('after', block.after, 'gate')
    each('rollback_needs', block.rollbackNeeds, 'gate')
    each('check', [block.check], 'check')
    each('rollback', [block.rollback], 'rollback')
  }
  if (block.role === 'approval') each('watch', block.watch ?? [], 'gate')
  if (block.role === 'step' || block.role === 'gate') each('rollback_to', [block.rollbackTo], 'step')
  if (block.role === 'step' || block.role === 'gate' || block.role === 'approval') checkNeeds(block, names)
}

function checkNeeds(block: Station, names: Names): void {
  for (const id of block.needs ?? []) checkNeed(block, id, names)
  if (block.role === 'gate' && block.needs !== null && names.attached.has(block.id))
    names.complain(block, 'a step evaluates it as its own gate, so it cannot have needs: take them away')
}

type Add = (severity: Severity, block: Block, message: string) => void

function checkStep(step: Step, blocks: readonly Block[], add: Add): void {
  if (step.check === null && !step.isIdempotent)
    add(
      'error',
      step,
      'has no check: after a crash nobody could tell whether it took effect: add "check", or "idempotent":true',
    )
  if (step.rollback === null) add('warning', step, 'has no rollback: it cannot be taken back')
  if (step.rollback === null && step.rollbackNeeds.length > 0)
    add('error', step, 'rollback_needs without a rollback: name the rollback')
  if (step.capture.size > 0 && step.check === null)
    add('warning', step, 'captures without a check: after a crash it is run again to get the values')
  const isUndone = blocks.some((block) => block.role === 'step' && block.rollback !== null)
  if (step.onFail === 'rollback' && !isUndone)
    add('error', step, 'on_fail is rollback and no step has a rollback: add one, or take on_fail away')
}

function findUnused(blocks: readonly Block[], add: Add): void {
  const used = new Set(
    blocks.flatMap((block) => (block.role === 'step' ? [block.check, block.rollback] : [])),
  )
  for (const block of blocks)
    if ((block.role === 'check' || block.role === 'rollback') && !used.has(block.id))
      add('warning', block, 'no step names it: it never runs')
}

function findCircle(blocks: readonly Block[], add: Add): void {
  const attached = attachedGates(blocks)
  const stations = blocks.filter((block): block is Station => isStation(block, attached))
  const { circle } = orderStations(stations, resolveNeeds(stations))
  for (const station of circle)
    add('error', station, `can never run: its needs go round: ${circle.map(({ id }) => id).join(', ')}`)
}
