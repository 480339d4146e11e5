// The production code, from this project or from a copy with a planted bug.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as gateway from '../../src/gateway/assemble.ts'
import type * as service from '../../src/service/assemble.ts'
import type * as modes from '../../src/gateway/mode-store.ts'
import type * as reports from '../../src/gateway/status-reports.ts'
import type * as handBack from '../../src/gateway/hand-back.ts'
import type * as inDoubt from '../../src/gateway/in-doubt.ts'
import type * as resolve from '../../src/authority/resolve.ts'
import type * as failure from '../../src/db/failure.ts'
import type * as problem from '../../src/contract/problem.ts'
import type * as store from './store/store.ts'

export type SourceModules = Awaited<ReturnType<typeof loadSource>>

/** `root`: the folder that holds `src/` and `prove/`. */
export async function loadSource(root: string) {
  const load = (file: string): Promise<unknown> => import(pathToFileURL(join(root, file)).href)
  type Src = {
    gateway: typeof gateway
    service: typeof service
    modes: typeof modes
    reports: typeof reports
    handBack: typeof handBack
    inDoubt: typeof inDoubt
    resolve: typeof resolve
    failure: typeof failure
    problem: typeof problem
    store: typeof store
  }
  const loadAs = async <Name extends keyof Src>(file: string): Promise<Src[Name]> =>
    (await load(file)) as Src[Name]
  const { assembleGateway } = await loadAs<'gateway'>('src/gateway/assemble.ts')
  const { assembleService } = await loadAs<'service'>('src/service/assemble.ts')
  const { changeMode } = await loadAs<'modes'>('src/gateway/mode-store.ts')
  const { recordReports } = await loadAs<'reports'>('src/gateway/status-reports.ts')
  const { handBackMessages } = await loadAs<'handBack'>('src/gateway/hand-back.ts')
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
    handBackMessages,
    createInDoubt,
    resolveInDoubt,
    ConnectFailure,
    HttpProblem,
    createStore,
  }
}
