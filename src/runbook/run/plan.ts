import { durationText } from '../program/duration.ts'
import { canonicalJson, sha256 } from '../program/digest.ts'
import { parseProgram, type Program } from '../program/program.ts'
import type { ProgramProblem, Station, StateProbe } from '../program/block.ts'
import { changedBlocks, digestsOf, type Book, type Broken, type Refused } from './book.ts'
import { startCommand } from './command.ts'
import { endText } from './judge.ts'
import { TOOL_VERSION } from './tool-version.ts'

/** What was planned and against what; a run of it is refused when one of these has changed. */
export interface Plan {
  readonly format: 1
  readonly name: string
  readonly document: string
  readonly tool: string
  readonly blocks: Readonly<Record<string, string>>
  /** Parameters that differ from what the document gives them; a run of the plan has them. */
  readonly set: Readonly<Record<string, string>>
  /** `state` block -> digest of what it printed. */
  readonly state: Readonly<Record<string, string>>
  readonly order: readonly PlannedStation[]
}

export interface PlannedStation {
  readonly id: string
  readonly role: Station['role']
  readonly line: number
  readonly heading: string | null
  readonly needs: readonly string[]
  /** In words, what happens there. */
  readonly what: readonly string[]
}

export type Planned =
  | Broken
  | Refused
  | { readonly kind: 'planned'; readonly plan: Plan; readonly warnings: readonly ProgramProblem[] }

const GRACE_MS = 2000

/** Plans a run: reads the document and runs its `state` blocks, nothing else. */
export async function plan(book: Book): Promise<Planned> {
  const parsed = parseProgram(book.text, book.name, book.set)
  if (parsed.kind === 'broken') return parsed
  const { program, warnings } = parsed
  const state = await probe(book, program)
  if (state.kind === 'refused') return state
  return {
    kind: 'planned',
    warnings,
    plan: {
      format: 1,
      name: program.name,
      document: program.digest,
      tool: TOOL_VERSION,
      blocks: digestsOf(program),
      set: Object.fromEntries(book.set),
      state: state.digests,
      order: program.stations.map((station) => planned(program, station)),
    },
  }
}

type Probed = Refused | { readonly kind: 'probed'; readonly digests: Readonly<Record<string, string>> }

/** Runs the `state` blocks. A state nobody can see is no state to plan for. */
export async function probe(book: Book, program: Program): Promise<Probed> {
  const digests: Record<string, string> = {}
  for (const block of program.blocks.values()) {
    if (block.role !== 'state') continue
    const result = await runProbe(book, program, block)
    if (result.outcome !== 'exited' || result.code !== 0)
      return {
        kind: 'refused',
        why: `cannot see the state ${block.id} (line ${block.line}): ${endText(result)}`,
      }
    digests[block.id] = result.stdout.sha256
  }
  return { kind: 'probed', digests }
}

function runProbe(book: Book, { parameters }: Program, block: StateProbe) {
  return startCommand(block, block.timeoutMs, {
    folder: book.folder,
    environment: {
      ...book.environment,
      ...Object.fromEntries(parameters),
      BATON_RUNBOOK_STEP: block.id,
      BATON_RUNBOOK_BLOCK: block.id,
    },
    logFile: null,
    graceMs: GRACE_MS,
    noteGroup: () => {},
    onLine: () => {},
  }).done
}

function planned(program: Program, station: Station): PlannedStation {
  const { id, role, line, heading } = station
  return { id, role, line, heading, needs: program.needs.get(id) ?? [], what: words(station) }
}

function words(station: Station): string[] {
  if (station.role === 'approval')
    return [
      `waits for ${station.approvers === 1 ? 'an approval' : `${station.approvers} approvals by different people`}`,
    ]
  if (station.role === 'gate') {
    const soak = station.holdForMs > 0 ? `, must stay PASS for ${durationText(station.holdForMs)}` : ''
    return [
      `evaluated every ${durationText(station.everyMs)}, at most ${durationText(station.timeoutMs)}${soak}`,
    ]
  }
  return [
    ...(station.rollbackNeeds.length > 0 ? [`before: gates ${station.rollbackNeeds.join(', ')}`] : []),
    `runs, at most ${durationText(station.timeoutMs)}`,
    station.check === null ? 'may be repeated (idempotent)' : `asked after a crash by ${station.check}`,
    station.rollback === null ? 'CANNOT be taken back' : `taken back by ${station.rollback}`,
    ...(station.after.length > 0 ? [`after: gates ${station.after.join(', ')}`] : []),
    ...(station.onFail === 'rollback'
      ? [`a failure rolls back to ${station.rollbackTo ?? 'the beginning'}`]
      : []),
  ]
}

export function planDigest(planned: Plan): string {
  return sha256(canonicalJson(planned))
}

/** Everything in which a plan no longer fits; empty when it still does. */
export function staleness(
  planned: Plan,
  program: Program,
  state: Readonly<Record<string, string>> | null,
): string[] {
  const blocks = changedBlocks(planned.blocks, digestsOf(program)).map((id) => `block ${id} changed`)
  const states =
    state === null ? [] : changedBlocks(planned.state, state).map((id) => `the system state ${id} changed`)
  return [
    ...(planned.document === program.digest ? [] : ['the document changed']),
    ...blocks,
    ...(planned.tool === TOOL_VERSION
      ? []
      : [`the tool is ${TOOL_VERSION}, the plan was made by ${planned.tool}`]),
    ...states,
  ]
}

/** A plan as it was written to a file; null for anything else. */
export function parsePlan(text: string): Plan | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('format' in value) || value.format !== 1) return null
    const isPlan = ['document', 'tool', 'blocks', 'set', 'state', 'order'].every((key) =>
      Object.hasOwn(value, key),
    )
    return isPlan ? (value as unknown as Plan) : null
  } catch {
    return null
  }
}
