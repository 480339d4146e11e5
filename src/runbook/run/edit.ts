import type { Parameters } from '../program/parameters.ts'
import type { Program } from '../program/program.ts'
import { changedBlocks, digestsOf, type Refused } from './book.ts'
import type { Entry } from './entry.ts'
import { markOf, type Progress } from './progress.ts'

/** A person who takes the responsibility for something the runbook alone does not allow. */
export interface Person {
  readonly by: string
  readonly reason: string
}

export type Edit = Refused | { readonly kind: 'fits'; readonly entries: readonly Entry[] }

/** Whether the document still is the one the run goes by, or an edit of it that somebody answers for. */
export function editOf(progress: Progress, program: Program, set: Parameters, person: Person | null): Edit {
  const blocks = digestsOf(program)
  const changed = changedBlocks(progress.blocks, blocks)
  const isSame = progress.document === program.digest && changed.length === 0
  if (progress.document === null || isSame) return { kind: 'fits', entries: [] }
  const what = changed.length > 0 ? changed.join(', ') : 'no block, only prose'
  if (!person)
    return {
      kind: 'refused',
      why: `the document, or a parameter, was edited after the run began: ${what}: accept it with --accept-edit --by NAME --reason TEXT, or take the edit back`,
    }
  const done = changed.filter(
    (id) => !['new', 'started', 'failed', 'undone'].includes(markOf(progress, id).status),
  )
  if (done.length > 0)
    return {
      kind: 'refused',
      why: `the edit changes what was done already: ${done.join(', ')}: roll back first, or take the edit back`,
    }
  const { by, reason } = person
  return {
    kind: 'fits',
    entries: [
      {
        kind: 'edit-accepted',
        by,
        reason,
        document: program.digest,
        blocks,
        set: Object.fromEntries([...progress.set, ...set]),
        changed,
      },
    ],
  }
}
