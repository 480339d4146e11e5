import { parseDocument } from '../markdown/parse.ts'
import { lineAt } from '../markdown/source.ts'
import type { Approval, Block, Gate, ProgramProblem, Station, Step } from './block.ts'
import { sha256 } from './digest.ts'
import { findProblems } from './find-problems.ts'
import { attachedGates, isStation, orderStations, resolveNeeds } from './order.ts'
import { isParameters, readParameters, type Parameters } from './parameters.ts'
import { readBlock } from './read-block.ts'

/** One thing to get through, in the order of the run. A step with its gates takes several places. */
export interface Place {
  readonly key: string
  readonly kind: 'step' | 'gate' | 'approval'
  readonly id: string
  /** The station it belongs to: itself, or the step whose gate it is. */
  readonly station: string
  readonly purpose: 'station' | 'before' | 'after'
}

export interface Program {
  readonly name: string
  /** SHA-256 of the whole document. */
  readonly digest: string
  readonly blocks: ReadonlyMap<string, Block>
  /** In the order they run. */
  readonly stations: readonly Station[]
  /** Station -> the stations that must be complete before it. */
  readonly needs: ReadonlyMap<string, readonly string[]>
  readonly places: readonly Place[]
  /** As the document gives them, or as they were set for the run. */
  readonly parameters: Parameters
}

export type Parsed =
  | { readonly kind: 'program'; readonly program: Program; readonly warnings: readonly ProgramProblem[] }
  | { readonly kind: 'broken'; readonly problems: readonly ProgramProblem[] }

/**
 * Reads a runbook as a program; all that is wrong with it at once, in the order of the lines. `set` replaces the
 * values of some parameters. Pure.
 */
export function parseProgram(text: string, name: string, set: Parameters = new Map()): Parsed {
  const document = parseDocument(text)
  const fenced = document.codes.map((code) => ({ code, line: lineAt(document.source, code.from) + 1 }))
  const { parameters, problems: wrongParameters } = readParameters(fenced, set)
  const reads = fenced
    .filter(({ code }) => !isParameters(code))
    .map(({ code, line }) => readBlock(code, line, parameters))
  const blocks = reads.flatMap(({ block }) => block ?? [])
  const problems = [
    ...wrongParameters,
    ...reads.flatMap((read) => read.problems),
    ...findProblems(blocks),
  ].sort((a, b) => a.line - b.line)
  if (blocks.length === 0 && problems.length === 0)
    problems.push({
      severity: 'error',
      line: 1,
      message:
        'nothing here runs: give a shell block attributes, as ```sh {"name":"one","baton":"step", ...}',
    })
  if (problems.some(({ severity }) => severity === 'error')) return { kind: 'broken', problems }
  return { kind: 'program', program: build(name, sha256(text), blocks, parameters), warnings: problems }
}

function build(name: string, digest: string, blocks: readonly Block[], parameters: Parameters): Program {
  const attached = attachedGates(blocks)
  const inDocument = blocks.filter((block): block is Station => isStation(block, attached))
  const needs = resolveNeeds(inDocument)
  const stations = orderStations(inDocument, needs).ordered
  return {
    name,
    digest,
    blocks: new Map(blocks.map((block) => [block.id, block])),
    stations,
    needs,
    places: stations.flatMap((station) => placesOf(station)),
    parameters,
  }
}

function placesOf(station: Station): Place[] {
  const { id, role } = station
  const own: Place = { key: `${role}:${id}`, kind: role, id, station: id, purpose: 'station' }
  if (station.role !== 'step') return [own]
  const gates = (purpose: 'before' | 'after', ids: readonly string[]): Place[] =>
    ids.map((gate) => ({ key: `${purpose}:${id}:${gate}`, kind: 'gate', id: gate, station: id, purpose }))
  return [...gates('before', station.rollbackNeeds), own, ...gates('after', station.after)]
}

export function stepOf(program: Program, id: string): Step {
  return blockOf(program, id, 'step')
}

export function gateOf(program: Program, id: string): Gate {
  return blockOf(program, id, 'gate')
}

export function approvalOf(program: Program, id: string): Approval {
  return blockOf(program, id, 'approval')
}

/** The block of a name the parser has resolved; anything else is a fault of the caller. */
export function blockOf<R extends Block['role']>(
  program: Program,
  id: string,
  role: R,
): Extract<Block, { role: R }> {
  const block = program.blocks.get(id)
  if (block?.role !== role) throw new Error(`no ${role} has this name: ${id}`)
  return block as Extract<Block, { role: R }>
}

/** The gates that are evaluated while an approval is awaited. */
export function watchOf(program: Program, approval: Approval): readonly string[] {
  if (approval.watch) return approval.watch
  return (program.needs.get(approval.id) ?? []).filter((id) => program.blocks.get(id)?.role === 'gate')
}
