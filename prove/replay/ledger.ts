import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The ledger's functions, from whatever copy of the source: the real one, or one with a planted mistake. */
export type Ledger = Awaited<ReturnType<typeof loadLedger>>

export async function loadLedger(root: string) {
  const load = (file: string): Promise<unknown> =>
    import(pathToFileURL(join(root, 'src/authority', file)).href)
  const [claim, dispatch, settle, proof, resolve, overdue, handOver, lanes, inDoubt] = await Promise.all([
    load('claim.ts') as Promise<typeof import('../../src/authority/claim.ts')>,
    load('dispatch.ts') as Promise<typeof import('../../src/authority/dispatch.ts')>,
    load('settle.ts') as Promise<typeof import('../../src/authority/settle.ts')>,
    load('proof.ts') as Promise<typeof import('../../src/authority/proof.ts')>,
    load('resolve.ts') as Promise<typeof import('../../src/authority/resolve.ts')>,
    load('overdue.ts') as Promise<typeof import('../../src/authority/overdue.ts')>,
    load('hand-over.ts') as Promise<typeof import('../../src/authority/hand-over.ts')>,
    load('lanes.ts') as Promise<typeof import('../../src/authority/lanes.ts')>,
    load('in-doubt.ts') as Promise<typeof import('../../src/authority/in-doubt.ts')>,
  ])
  return {
    ...claim,
    ...dispatch,
    ...settle,
    ...proof,
    ...resolve,
    ...overdue,
    ...handOver,
    ...lanes,
    ...inDoubt,
  }
}
