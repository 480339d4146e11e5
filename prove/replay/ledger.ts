import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as claim from '../../src/authority/claim.ts'
import type * as dispatch from '../../src/authority/dispatch.ts'
import type * as handOver from '../../src/authority/hand-over.ts'
import type * as inDoubt from '../../src/authority/in-doubt.ts'
import type * as lanes from '../../src/authority/lanes.ts'
import type * as overdue from '../../src/authority/overdue.ts'
import type * as proof from '../../src/authority/proof.ts'
import type * as resolve from '../../src/authority/resolve.ts'
import type * as settle from '../../src/authority/settle.ts'

/** The ledger's functions, from whatever copy of the source: the real one, or one with a planted mistake. */
export type Ledger = typeof claim &
  typeof dispatch &
  typeof handOver &
  typeof inDoubt &
  typeof lanes &
  typeof overdue &
  typeof proof &
  typeof resolve &
  typeof settle

const FILES = ['claim', 'dispatch', 'hand-over', 'in-doubt', 'lanes', 'overdue', 'proof', 'resolve', 'settle']

export async function loadLedger(root: string): Promise<Ledger> {
  const modules = await Promise.all(
    FILES.map(
      (file) =>
        import(pathToFileURL(join(root, 'src', 'authority', `${file}.ts`)).href) as Promise<Partial<Ledger>>,
    ),
  )
  return Object.assign({}, ...modules) as Ledger
}
