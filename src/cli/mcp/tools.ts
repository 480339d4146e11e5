import { Type, type TObject } from 'typebox'

/** A tool is a verb of the command line that is asked by a program: the same words, rules and refusals. */
export interface Tool {
  readonly name: string
  readonly about: string
  readonly input: TObject
  /** Whether messages, modes or drills may change by it; such a tool is refused to a server that only reads. */
  readonly changes: boolean
  readonly argv: (input: Input) => readonly string[]
}

export type Input = Readonly<Record<string, unknown>>

const uuid = Type.String({
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
  description: 'message_uuid',
})
const window = Type.Optional(
  Type.String({ pattern: '^[0-9A-Za-z:.+-]{1,80}$', description: '90m, 24h, 7d, or FROM..TO in ISO 8601' }),
)
const file = Type.Optional(
  Type.String({
    pattern: '^[^-]',
    maxLength: 500,
    description: 'the runbook (default: MIGRATION_RUNBOOK.md)',
  }),
)
const step = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$',
  description: 'id of a step or gate',
})
const gateName = Type.String({ pattern: '^[a-z][a-z0-9-]{0,63}$' })
const closed = { additionalProperties: false } as const

const option = (name: string, value: unknown): string[] => (value === undefined ? [] : [name, String(value)])
const runbook = (
  verb: string,
  { file: path = 'MIGRATION_RUNBOOK.md' }: Input,
  ...more: string[]
): string[] => ['runbook', verb, String(path), ...more, '--json']

const asking: readonly Omit<Tool, 'changes'>[] = [
  {
    name: 'status',
    about: 'health of every program, mode, breaker, quota and what is under way',
    input: Type.Object({}, closed),
    argv: () => ['status', '--json'],
  },
  {
    name: 'mode',
    about: 'the mode in force, for everyone and for single tenants',
    input: Type.Object({}, closed),
    argv: () => ['mode', 'get', '--json'],
  },
  {
    name: 'gates',
    about: 'every gate with its last verdict: PASS, FAIL, HOLD; nothing is measured',
    input: Type.Object({}, closed),
    argv: () => ['gate', 'list', '--json'],
  },
  {
    name: 'check_gates',
    about: 'measure and judge gates now (default: all); each verdict is kept as evidence',
    input: Type.Object({ names: Type.Optional(Type.Array(gateName, { maxItems: 50 })) }, closed),
    argv: ({ names = [] }) => ['gate', 'check', ...(names as string[]), '--json'],
  },
  {
    name: 'verify_evidence',
    about: 'find any edit, deletion, reordering or cut in the chain of evidence',
    input: Type.Object({}, closed),
    argv: () => ['evidence', 'verify', '--json'],
  },
  {
    name: 'reconcile',
    about: 'compare sms_logs with go_sms_logs, quota and the ledger, by message_uuid; repairs nothing',
    input: Type.Object({ window }, closed),
    argv: ({ window: length }) => ['reconcile', ...option('--window', length), '--json'],
  },
  {
    name: 'audit',
    about: 'account for every message that was entered, three ways with the ledger',
    input: Type.Object({ window }, closed),
    argv: ({ window: length }) => ['audit', ...option('--window', length), '--json'],
  },
  {
    name: 'compare',
    about: 'SHADOW: what the legacy side did against what the service would have done',
    input: Type.Object({ window }, closed),
    argv: ({ window: length }) => ['compare', ...option('--window', length), '--json'],
  },
  {
    name: 'message_history',
    about: 'everything that is known of one message: the ledger and both logs',
    input: Type.Object({ message_uuid: uuid }, closed),
    argv: ({ message_uuid }) => ['message', String(message_uuid), '--json'],
  },
  {
    name: 'in_doubt',
    about:
      'messages whose outcome nobody knows; with a message_uuid one of them with its evidence. To decide one is a person’s: baton in-doubt resolve',
    input: Type.Object({ message_uuid: Type.Optional(uuid) }, closed),
    argv: ({ message_uuid }) =>
      message_uuid === undefined
        ? ['in-doubt', 'list', '--json']
        : ['in-doubt', 'show', String(message_uuid), '--json'],
  },
  {
    name: 'runbook_plan',
    about: 'what a run of the runbook will do, in order, with gates, rollbacks and approvals',
    input: Type.Object({ file }, closed),
    argv: (input) => runbook('plan', input),
  },
  {
    name: 'runbook_status',
    about: 'how far the runbook has come',
    input: Type.Object({ file }, closed),
    argv: (input) => runbook('status', input),
  },
  {
    name: 'runbook_next',
    about:
      'what may be done now, and what is refused, why, and what would lift it. Approvals are a person’s: baton runbook run --approve',
    input: Type.Object({ file }, closed),
    argv: (input) => runbook('next', input),
  },
]

const changing: readonly Omit<Tool, 'changes'>[] = [
  {
    name: 'run_step',
    about: 'execute one step or gate of the runbook: one that runbook_next names',
    input: Type.Object({ file, id: step }, closed),
    argv: (input) => runbook('run', input, '--only', String(input['id']), '--execute'),
  },
  {
    name: 'rollback',
    about: 'take the executed steps of the runbook back, the latest first',
    input: Type.Object({ file }, closed),
    argv: (input) => runbook('rollback', input, '--execute'),
  },
  {
    name: 'pause',
    about: 'let a running runbook stop after the step it is at',
    input: Type.Object({ file }, closed),
    argv: (input) => runbook('pause', input),
  },
]

export const tools: readonly Tool[] = [
  ...asking.map((tool) => ({ ...tool, changes: false })),
  ...changing.map((tool) => ({ ...tool, changes: true })),
]
