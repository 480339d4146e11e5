import type { Code } from '../markdown/code-block.ts'
import { readAttributes } from './attributes.ts'
import type { Approval, Block, Check, Gate, ProgramProblem, Role, Shell, Step } from './block.ts'
import { canonicalJson, sha256 } from './digest.ts'
import { substitute, usedIn, type Parameters } from './parameters.ts'
import { ATTRIBUTES, isRole, LOOKS } from './roles.ts'
import * as read from './values.ts'

export interface BlockRead {
  /** Null for prose, and for a block that cannot be read. */
  readonly block: Block | null
  readonly problems: readonly ProgramProblem[]
}

const TEXT_BYTES_MAX = 100_000
const EVERY_MS = 5000
const EVALUATION_MS = 60_000
const SHELLS: Readonly<Record<string, Shell>> = { sh: 'sh', shell: 'sh', bash: 'bash', zsh: 'zsh' }

type Problem = (message: string) => void

/** Reads one fenced block; every problem of it at once. */
export function readBlock(code: Code, line: number, parameters: Parameters): BlockRead {
  const problems: ProgramProblem[] = []
  const problem: Problem = (message) => void problems.push({ severity: 'error', line, message })
  const attributes = readAttributes(code.info)
  if (attributes.kind === 'none') return { block: null, problems }
  if (attributes.kind === 'unreadable') {
    problem(`this block cannot be read: ${attributes.why}`)
    return { block: null, problems }
  }
  const values = new Map(
    Array.from(attributes.values, ([key, value]) => [
      key,
      substitute(value, parameters, (name) => problem(`${key} names no parameter: \${${name}}`)),
    ]),
  )
  const role = values.get('baton')
  if (!isRole(role)) {
    problem(
      `no such role: ${String(role)}: baton is one of ${Object.keys(ATTRIBUTES).join(', ')}, parameters`,
    )
    return { block: null, problems }
  }
  return { block: blockOf(code, line, role, values, parameters, problem), problems }
}

function blockOf(
  code: Code,
  line: number,
  role: Role,
  values: ReadonlyMap<string, unknown>,
  parameters: Parameters,
  problem: Problem,
): Block | null {
  let isSound = true
  const complain: Problem = (message) => {
    isSound = false
    problem(message)
  }
  for (const key of values.keys())
    if (!Object.hasOwn(ATTRIBUTES[role], key) && !LOOKS.has(key))
      complain(`${role}: no such attribute: ${key}: it takes ${Object.keys(ATTRIBUTES[role]).join(', ')}`)
  if (code.inQuote)
    complain(`${role}: stands in a quotation, which instructs nothing: take it out of the quote`)
  if (code.text.trim() === '')
    complain(`${role}: the block is empty: write ${role === 'approval' ? 'what is approved' : 'the command'}`)
  if (Buffer.byteLength(code.text) > TEXT_BYTES_MAX)
    complain(`${role}: the block is too long for a command: put it into a script`)
  const take = taker(values, role, complain)
  const id = take('name', read.readId, '')
  if (!values.has('name')) complain(`${role}: has no name: add "name"`)
  const meaning = Array.from(values).filter(([key]) => !LOOKS.has(key))
  const used = usedIn(code.text, parameters)
  const common = {
    id,
    line,
    heading: code.section.heading,
    text: code.text,
    digest: sha256(
      canonicalJson({ ...Object.fromEntries(meaning), text: code.text, shell: languageTag(code), used }),
    ),
  }
  const block =
    role === 'approval' ? approval(common, take) : command(common, role, code, values, take, complain)
  return isSound ? block : null
}

type Take = <T>(key: string, reader: (raw: unknown) => read.Read<T>, fallback: T) => T

function taker(values: ReadonlyMap<string, unknown>, role: Role, complain: Problem): Take {
  return (key, reader, fallback) => {
    if (!values.has(key)) return fallback
    const result = reader(values.get(key))
    if ('value' in result) return result.value
    complain(`${role}: ${key} is ${JSON.stringify(values.get(key))}: it must be ${result.wanted}`)
    return fallback
  }
}

type Common = Pick<Block, 'id' | 'line' | 'heading' | 'text' | 'digest'>

function approval(common: Common, take: Take): Approval {
  return {
    ...common,
    role: 'approval',
    needs: take<string[] | null>('needs', read.readIds, null),
    watch: take<string[] | null>('watch', read.readIds, null),
    approvers: take('approvers', read.readCount, 1),
    timeoutMs: take('timeout', read.readDuration, 0),
  }
}

function languageTag(code: Code): string {
  return /^[\w+-]*/.exec(code.info.trim().toLowerCase())?.[0] ?? ''
}

function command(
  common: Common,
  role: Exclude<Role, 'approval'>,
  code: Code,
  values: ReadonlyMap<string, unknown>,
  take: Take,
  complain: Problem,
): Block {
  const tag = languageTag(code)
  const shell = SHELLS[tag]
  if (shell === undefined)
    complain(
      `${role}: cannot run this language: ${tag || 'none'}: it must be one of ${Object.keys(SHELLS).join(', ')}`,
    )
  if (!values.has('timeout')) complain(`${role}: has no timeout: add "timeout":"60s"`)
  const timeoutMs = take('timeout', read.readDuration, 1)
  if (timeoutMs === 0) complain(`${role}: timeout is 0: it must be longer`)
  const ready = { ...common, shell: shell ?? 'sh', timeoutMs }
  if (role === 'step') return step(ready, take)
  if (role === 'gate') return gate(ready, take, complain)
  if (role === 'check') return check(ready, take)
  return role === 'rollback'
    ? { ...ready, role, isOnce: take('once', read.readFlag, false) }
    : { ...ready, role }
}

type Command = Common & Pick<Gate, 'shell' | 'timeoutMs'>

function check(common: Command, take: Take): Check {
  const json = take('expect_json', read.readValues, new Map<string, unknown>())
  return { ...common, role: 'check', json }
}

function step(common: Command, take: Take): Step {
  return {
    ...common,
    role: 'step',
    needs: take<string[] | null>('needs', read.readIds, null),
    after: take<string[]>('after', read.readIds, []),
    rollbackNeeds: take<string[]>('rollback_needs', read.readIds, []),
    check: take<string | null>('check', read.readId, null),
    isIdempotent: take('idempotent', read.readFlag, false),
    rollback: take<string | null>('rollback', read.readId, null),
    rollbackTo: take<string | null>('rollback_to', read.readId, null),
    onFail: take('on_fail', read.readOnFail, 'stop'),
    expect: {
      codes: take('expect', read.readCodes, [0]),
      json: take('expect_json', read.readValues, new Map<string, unknown>()),
    },
    capture: take('capture', read.readPaths, new Map<string, string>()),
    runsInRehearsal: take('rehearse', read.readRehearse, false),
  }
}

function gate(common: Command, take: Take, complain: Problem): Gate {
  const holdForMs = take('hold_for', read.readDuration, 0)
  const everyMs = take('every', read.readDuration, EVERY_MS)
  const evaluationMs = take('evaluation', read.readDuration, EVALUATION_MS)
  if (everyMs === 0 || evaluationMs === 0) complain('gate: every or evaluation is 0: it must be longer')
  if (holdForMs >= common.timeoutMs)
    complain('gate: the timeout leaves no room for hold_for: it bounds the waiting and the soak together')
  return {
    ...common,
    role: 'gate',
    needs: take<string[] | null>('needs', read.readIds, null),
    everyMs,
    holdForMs,
    evaluationMs: Math.min(evaluationMs, common.timeoutMs),
    onFail: take<'stop' | 'rollback' | null>('on_fail', read.readOnFail, null),
    rollbackTo: take<string | null>('rollback_to', read.readId, null),
    json: take('expect_json', read.readValues, new Map<string, unknown>()),
  }
}
