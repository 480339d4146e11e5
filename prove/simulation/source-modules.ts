// The production code, from this project or from a copy with a planted bug.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

export type SourceModules = Awaited<ReturnType<typeof loadSource>>

/** `root`: the folder that holds `src/` and `prove/`. */
export async function loadSource(root: string) {
  const load = (file: string): Promise<unknown> => import(pathToFileURL(join(root, file)).href)
  type Src = {
    gateway: typeof import('../../src/gateway/assemble.ts')
    service: typeof import('../../src/service/assemble.ts')
    modes: typeof import('../../src/gateway/mode-store.ts')
    reports: typeof import('../../src/gateway/status-reports.ts')
    inDoubt: typeof import('../../src/gateway/in-doubt.ts')
    resolve: typeof import('../../src/authority/resolve.ts')
    failure: typeof import('../../src/db/failure.ts')
    problem: typeof import('../../src/contract/problem.ts')
    store: typeof import('./store/store.ts')
  }
  const loadAs = async <Name extends keyof Src>(file: string): Promise<Src[Name]> =>
    (await load(file)) as Src[Name]
  const { assembleGateway } = await loadAs<'gateway'>('src/gateway/assemble.ts')
  const { assembleService } = await loadAs<'service'>('src/service/assemble.ts')
  const { changeMode } = await loadAs<'modes'>('src/gateway/mode-store.ts')
  const { recordReports } = await loadAs<'reports'>('src/gateway/status-reports.ts')
  const { createInDoubt } = await loadAs<'inDoubt'>('src/gateway/in-doubt.ts')
  const { resolveInDoubt } = await loadAs<'resolve'>('src/authority/resolve.ts')
  const { ConnectFailure } = await loadAs<'failure'>('src/db/failure.ts')
  const { HttpProblem } = await loadAs<'problem'>('src/contract/problem.ts')
  const { createStore } = await loadAs<'store'>('prove/simulation/store/store.ts')
  return {
    assembleGateway,
    assembleService,
    changeMode,
    recordReports,
    createInDoubt,
    resolveInDoubt,
    ConnectFailure,
    HttpProblem,
    createStore,
  }
}
