// Mistakes planted in copies of the ledger's statements: the replay must find each, or it shows nothing.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

interface Edit {
  /** Relative to src/authority. */
  readonly file: string
  readonly from: string
  readonly to: string
}

export interface Mutant {
  readonly name: string
  /** All of them: a rule that stands in two statements is broken in both. */
  readonly edits: readonly Edit[]
}

const edit = (file: string, from: string, to: string): Edit => ({ file, from, to })

export const mutants: readonly Mutant[] = [
  {
    name: 'an outcome is recorded under whatever token',
    edits: [edit('sql/settle-go.sql', 'and a.attempt_token = i.attempt_token\n', '\n')],
  },
  {
    name: 'a dispatcher takes what is in doubt',
    edits: [edit('sql/dispatch.sql', "a.state = 'claimed'", "a.state in ('claimed', 'in_doubt')")],
  },
  {
    name: 'a hold until its time gives a permit',
    edits: [edit('claim.ts', 'row.is_dispatched === false ? [] : [row.message_uuid]', '[row.message_uuid]')],
  },
  {
    name: 'the legacy side sends before the time',
    edits: [edit('sql/dispatch-legacy.sql', ' and a.not_before <= now()', '')],
  },
  {
    name: 'the reaper frees',
    edits: [edit('sql/flag-go.sql', "set state = 'in_doubt', reason", "set state = 'claimed', reason")],
  },
  {
    name: 'the legacy side expires what the service holds',
    edits: [edit('sql/expire-legacy.sql', "a.holder = 'legacy' and ", '')],
  },
  {
    name: 'a proof about another attempt counts',
    edits: ['sql/prove.sql', 'sql/settle-proven.sql'].map((file) =>
      edit(file, 'and attempt_token = $2::uuid and state', 'and $2::uuid is not null and state'),
    ),
  },
  {
    name: 'a lost dispatch is looked for in whatever state',
    edits: [edit('sql/dispatched-under.sql', " and a.state = 'dispatched'", '')],
  },
  {
    name: 'a lost answer to a claim counts as failure',
    edits: [
      edit('claim.ts', 'isFirst && row?.attemptToken === token', "isFirst && row?.attemptToken === ''"),
    ],
  },
  {
    name: 'legacy dispatches what it does not hold',
    edits: [edit('sql/dispatch-legacy.sql', "a.holder = 'legacy' and ", '')],
  },
  {
    name: 'a replay does not wait for the one before',
    edits: [edit('sql/begin-checks.sql', '(c.ended_at is not null or c.gives_up_at < now())', 'true')],
  },
]

/** Plants the mistake in a temporary copy of src/; returns the copy's root and how to remove it. */
export function plant(mutant: Mutant): { readonly root: string; remove(): void } {
  const copy = mkdtempSync(join(tmpdir(), 'baton-mutant-'))
  mkdirSync(join(copy, 'src'))
  for (const folder of ['authority', 'core', 'db']) {
    cpSync(join(root, 'src', folder), join(copy, 'src', folder), { recursive: true })
  }
  cpSync(join(root, 'package.json'), join(copy, 'package.json'))
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction')
  for (const { file, from, to } of mutant.edits) {
    const path = join(copy, 'src', 'authority', file)
    const text = readFileSync(path, 'utf8')
    if (!text.includes(from))
      throw new Error(`mutant ${mutant.name}: its text does not stand in ${file}: ${from}`)
    writeFileSync(path, text.replaceAll(from, to))
  }
  return { root: copy, remove: () => rmSync(copy, { recursive: true, force: true }) }
}
