import { Type, type Static, type TObject } from 'typebox'

/** A tool is a verb of the command line that is asked by a program: the same words, rules and refusals. */
export interface Tool {
  readonly name: string
  readonly about: string
  readonly input: TObject
  /** Whether messages, modes or drills may change by it; such a tool is refused to a server that only reads. */
  readonly changes: boolean
  /** The command line that answers it. The input is of the schema. */
  readonly argv: (input: Readonly<Record<string, unknown>>) => readonly string[]
}

function toolOf<Input extends TObject>(tool: {
  readonly name: string
  readonly about: string
  readonly input: Input
  readonly argv: (input: Static<Input>) => readonly string[]
}): Omit<Tool, 'changes'> {
  return { ...tool, argv: (input) => tool.argv(input as Static<Input>) }
}

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

const option = (name: string, value: string | undefined): string[] =>
  value === undefined ? [] : [name, value]
const runbook = (
  verb: string,
  { file: path = 'MIGRATION_RUNBOOK.md' }: { readonly file?: string },
  ...more: string[]
): string[] => ['runbook', verb, path, ...more, '--json']

const asking: readonly Omit<Tool, 'changes'>[] = [
  toolOf({
    name: 'status',
    about: 'health of every program, mode, breaker, quota and what is under way',
    input: Type.Object({}, closed),
    argv: () => ['status', '--json'],
  }),
  toolOf({
    name: 'mode',
    about: 'the mode in force, for everyone and for single tenants',
    input: Type.Object({}, closed),
    argv: () => ['mode', 'get', '--json'],
  }),
  toolOf({
    name: 'gates',
    about: 'every gate with its last verdict: PASS, FAIL, HOLD; nothing is measured',
    input: Type.Object({}, closed),
    argv: () => ['gate', 'list', '--json'],
  }),
  toolOf({
    name: 'check_gates',
    about: 'measure and judge gates now (default: all); each verdict is kept as evidence',
    input: Type.Object({ names: Type.Optional(Type.Array(gateName, { maxItems: 50 })) }, closed),
    argv: ({ names = [] }) => ['gate', 'check', ...names, '--json'],
  }),
  toolOf({
    name: 'verify_evidence',
    about: 'find any edit, deletion, reordering or cut in the chain of evidence',
    input: Type.Object({}, closed),
    argv: () => ['evidence', 'verify', '--json'],
  }),
  toolOf({
    name: 'reconcile',
    about: 'compare sms_logs with go_sms_logs, quota and the ledger, by message_uuid; repairs nothing',
    input: Type.Object({ window }, closed),
    argv: ({ window: length }) => ['reconcile', ...option('--window', length), '--json'],
  }),
  toolOf({
    name: 'audit',
    about: 'account for every message that was entered, three ways with the ledger',
    input: Type.Object({ window }, closed),
    argv: ({ window: length }) => ['audit', ...option('--window', length), '--json'],
  }),
  toolOf({
    name: 'compare',
    about: 'SHADOW: what the legacy side did against what the service would have done',
    input: Type.Object({ window }, closed),
    argv: ({ window: length }) => ['compare', ...option('--window', length), '--json'],
  }),
  toolOf({
    name: 'message_history',
    about: 'everything that is known of one message: the ledger and both logs',
    input: Type.Object({ message_uuid: uuid }, closed),
    argv: ({ message_uuid }) => ['message', message_uuid, '--json'],
  }),
  toolOf({
    name: 'in_doubt',
    about:
      'messages whose outcome nobody knows; with a message_uuid one of them with its evidence. To decide one is a person’s: baton in-doubt resolve',
    input: Type.Object({ message_uuid: Type.Optional(uuid) }, closed),
    argv: ({ message_uuid }) =>
      message_uuid === undefined
        ? ['in-doubt', 'list', '--json']
        : ['in-doubt', 'show', message_uuid, '--json'],
  }),
  toolOf({
    name: 'runbook_plan',
    about: 'what a run of the runbook will do, in order, with gates, rollbacks and approvals',
    input: Type.Object({ file }, closed),
    argv: (input) => runbook('plan', input),
  }),
  toolOf({
    name: 'runbook_status',
    about: 'how far the runbook has come',
    input: Type.Object({ file }, closed),
    argv: (input) => runbook('status', input),
  }),
  toolOf({
    name: 'runbook_next',
    about:
      'what may be done now, and what is refused, why, and what would lift it. Approvals are a person’s: baton runbook approve',
    input: Type.Object({ file }, closed),
    argv: (input) => runbook('next', input),
  }),
]

const changing: readonly Omit<Tool, 'changes'>[] = [
  toolOf({
    name: 'run_step',
    about: 'execute one step or gate of the runbook: one that runbook_next names',
    input: Type.Object({ file, id: step }, closed),
    argv: (input) => runbook('run', input, '--only', input.id, '--execute'),
  }),
  toolOf({
    name: 'rollback',
    about: 'take the executed steps of the runbook back, the latest first',
    input: Type.Object({ file }, closed),
    argv: (input) => runbook('rollback', input, '--execute'),
  }),
  toolOf({
    name: 'pause',
    about: 'let a running runbook stop after the step it is at',
    input: Type.Object({ file }, closed),
    argv: (input) => runbook('pause', input),
  }),
]

export const tools: readonly Tool[] = [
  ...asking.map((tool) => ({ ...tool, changes: false })),
  ...changing.map((tool) => ({ ...tool, changes: true })),
]
