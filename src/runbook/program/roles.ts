import type { Role } from './block.ts'

type Kind =
  | 'text'
  | 'ids'
  | 'id'
  | 'duration'
  | 'flag'
  | 'count'
  | 'codes'
  | 'paths'
  | 'values'
  | 'onFail'
  | 'rehearse'

const COMMON = { name: 'id', baton: 'text' } as const
const COMMAND = { ...COMMON, timeout: 'duration' } as const

/** The attributes each role takes, with their kinds. Anything else is a problem, never ignored. */
export const ATTRIBUTES: Readonly<Record<Role, Readonly<Record<string, Kind>>>> = {
  step: {
    ...COMMAND,
    needs: 'ids',
    after: 'ids',
    rollback_needs: 'ids',
    check: 'id',
    idempotent: 'flag',
    rollback: 'id',
    rollback_to: 'id',
    on_fail: 'onFail',
    expect: 'codes',
    expect_json: 'values',
    capture: 'paths',
    rehearse: 'rehearse',
  },
  gate: {
    ...COMMAND,
    needs: 'ids',
    every: 'duration',
    hold_for: 'duration',
    evaluation: 'duration',
    on_fail: 'onFail',
    rollback_to: 'id',
    expect_json: 'values',
  },
  check: { ...COMMAND, expect_json: 'values' },
  rollback: { ...COMMAND, once: 'flag' },
  state: COMMAND,
  approval: { ...COMMON, needs: 'ids', watch: 'ids', approvers: 'count', timeout: 'duration' },
}

/** Attributes of Runme that say how a notebook looks; they change nothing of what runs here. */
export const LOOKS: ReadonlySet<string> = new Set([
  'id',
  'interactive',
  'closeTerminalOnSuccess',
  'excludeFromRunAll',
  'category',
  'tag',
  'terminalRows',
  'mimeType',
  'promptEnv',
])

export function isRole(value: unknown): value is Role {
  return typeof value === 'string' && Object.hasOwn(ATTRIBUTES, value)
}
