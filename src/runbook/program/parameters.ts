import type { Code } from '../markdown/code-block.ts'
import { readAttributes } from './attributes.ts'
import type { ProgramProblem } from './block.ts'
import { isFreeVariable } from './values.ts'

/** Name -> value: what `${NAME}` in an attribute and `$NAME` in a command stand for. */
export type Parameters = ReadonlyMap<string, string>

export interface ParametersRead {
  readonly parameters: Parameters
  readonly problems: readonly ProgramProblem[]
}

const VALUE_LENGTH_MAX = 1000

/** The one block that gives parameters their values, with what the run sets in place of some. */
export function readParameters(
  blocks: readonly { readonly code: Code; readonly line: number }[],
  set: Parameters,
): ParametersRead {
  const problems: ProgramProblem[] = []
  const parameters = new Map<string, string>()
  let firstLine: number | null = null
  for (const { code, line } of blocks) {
    const problem = (message: string): void => void problems.push({ severity: 'error', line, message })
    if (!isParameters(code)) continue
    if (firstLine === null) fill(parameters, code, problem)
    else problem(`parameters: stand in line ${firstLine} already: put them into one block`)
    firstLine ??= line
  }
  for (const [name, value] of set) {
    const wrong = parameters.has(name)
      ? wrongValue(value)
      : `the runbook has ${parameters.size === 0 ? 'none' : [...parameters.keys()].join(', ')}`
    if (wrong !== null)
      problems.push({ severity: 'error', line: firstLine ?? 1, message: `--set ${name}: ${wrong}` })
    parameters.set(name, value)
  }
  return { parameters, problems }
}

export function isParameters(code: Code): boolean {
  const attributes = readAttributes(code.info)
  return attributes.kind === 'attributes' && attributes.values.get('baton') === 'parameters'
}

function fill(parameters: Map<string, string>, code: Code, problem: (message: string) => void): void {
  for (const [name, value] of Object.entries(objectIn(code.text, problem))) {
    if (!isFreeVariable(name)) problem(`parameters: no name for one: ${name}: use capitals, as SHADOW_SOAK`)
    else if (typeof value !== 'string' || wrongValue(value) !== null)
      problem(`parameters: ${name} is ${JSON.stringify(value)}: it must be a text of one line`)
    else parameters.set(name, value)
  }
}

function objectIn(text: string, problem: (message: string) => void): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
    problem('parameters: are no JSON object: write {"SHADOW_SOAK": "24h"}')
  } catch (error) {
    problem(`parameters: are no JSON object: ${(error as Error).message}`)
  }
  return {}
}

function wrongValue(value: string): string | null {
  return value.length > VALUE_LENGTH_MAX || /[\0\r\n]/.test(value) ? 'it must be a text of one line' : null
}

const REFERENCE = /\$\{([A-Za-z_]\w*)\}/g

/** An attribute's value with its `${NAME}`s replaced; `missing` is told those that are no parameters. */
export function substitute(value: unknown, parameters: Parameters, missing: (name: string) => void): unknown {
  if (typeof value !== 'string') return value
  return value.replaceAll(REFERENCE, (whole, name: string) => {
    const found = parameters.get(name)
    if (found === undefined) missing(name)
    return found ?? whole
  })
}

/** The parameters that a command speaks of. */
export function usedIn(text: string, parameters: Parameters): Record<string, string> {
  return Object.fromEntries(
    [...parameters].filter(([name]) => new RegExp(String.raw`\$\{?${name}\b`).test(text)),
  )
}
