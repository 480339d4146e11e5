// A standby of a cluster, made from a copy of it at rest, on the same binaries.
import { execFileSync, spawn } from 'node:child_process'
import { chownSync, closeSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { findBinaries } from '../../src/postgres/find-binaries.ts'
import { serverEnvironment } from '../../src/postgres/server-environment.ts'
import { settingArguments } from '../../src/postgres/server-settings.ts'
import { findServerUser, runAs } from '../../src/postgres/server-user.ts'
import { askOnce, type ChaosCluster } from './chaos-cluster.ts'
import { pause } from './seeded.ts'
import { openLink, type TcpLink } from './tcp-link.ts'

export interface Standby {
  readonly adminUrl: string
  readonly port: number
  /** Its network to the primary. */
  readonly replication: TcpLink
  /** Makes it the primary. */
  promote(): Promise<void>
  stop(): Promise<void>
}

export const STANDBY_NAME = 'standby'
const BOUND_MS = 30_000

/** The primary is stopped for the copy and started again. */
export async function startStandby(primary: ChaosCluster, port: number): Promise<Standby> {
  const found = findBinaries()
  if (found.kind === 'none') throw new Error(found.message)
  await primary.destroy('immediate')
  const data = join(primary.folder, 'standby')
  execFileSync('cp', ['-a', primary.dataDirectory, data])
  await primary.start()
  rmSync(join(data, 'postmaster.pid'), { force: true })
  const user = findServerUser(data)
  const signal = join(data, 'standby.signal')
  writeFileSync(signal, '')
  if (user) chownSync(signal, user.uid, user.gid)

  const replication = await openLink(primary.port)
  const { password } = new URL(primary.adminUrl)
  const settings = settingArguments({
    primary_conninfo: `host=127.0.0.1 port=${replication.port} user=postgres password=${password} application_name=${STANDBY_NAME}`,
    wal_retrieve_retry_interval: '200ms',
  })
  const log = openSync(join(dirname(data), 'standby.log'), 'a')
  const child = spawn(
    found.postgres,
    ['-D', data, ...[`port=${port}`, ...settings].flatMap((setting) => ['-c', setting])],
    { cwd: '/', env: serverEnvironment(), stdio: ['ignore', log, log], ...runAs(user) },
  )
  closeSync(log)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const url = new URL(primary.adminUrl)
  url.port = String(port)
  const standby = {
    adminUrl: url.href,
    port,
    replication,
    async promote() {
      const [row] = await askOnce<{ promoted: boolean }>(url.href, 'select pg_promote(true, 30) as promoted')
      if (row?.promoted !== true) throw new Error('standby: it was not promoted within 30 s')
    },
    async stop() {
      child.kill('SIGQUIT')
      await ended
      await replication.close()
    },
  }
  await streaming(primary).catch(async (error: unknown) => {
    await standby.stop()
    throw error
  })
  return standby
}

async function streaming(primary: ChaosCluster): Promise<void> {
  const end = performance.now() + BOUND_MS
  while (performance.now() < end) {
    const rows = await primary
      .ask(
        `select 1 from pg_stat_replication where application_name = '${STANDBY_NAME}' and state = 'streaming'`,
      )
      .catch(() => [])
    if (rows.length > 0) return
    await pause(100)
  }
  throw new Error(`standby: it does not stream from the primary: see standby.log in ${primary.folder}`)
}
