// Makes a new cluster with initdb. It is made under a name of its own and gets its final name when it is
// complete and on disk, so an interrupted initdb never leaves something that looks like a cluster.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  chmodSync,
  openSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { ClusterError } from './cluster-error.ts'
import type { ClusterHome } from './cluster-home.ts'
import type { Binaries } from './find-binaries.ts'
import { serverEnvironment } from './server-environment.ts'
import { runAs } from './server-user.ts'

export const ADMIN = 'postgres'
const MAKING = 'making-'
const REMOVALS_MAX = 30
const OUTPUT_CHARACTERS = 4_096

/** Needs the start lock. Removes what an interrupted attempt left. */
export async function initialiseCluster(
  home: ClusterHome,
  binaries: Binaries,
  timeoutMs: number,
  log: Logger,
): Promise<void> {
  await removeHalfMade(home, log)
  const made = mkdtempSync(join(home.directory, MAKING))
  const [data, passwordFile] = [join(made, 'data'), join(made, 'password')]
  mkdirSync(data, { mode: 0o700 })
  writeFileSync(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600, flush: true })
  if (home.user) {
    for (const path of [data, passwordFile]) chownSync(path, home.user.uid, home.user.gid)
    chmodSync(made, 0o711)
  }
  log.info(
    { directory: home.directory, version: binaries.version },
    'making a new private PostgreSQL cluster',
  )
  await runInitdb(binaries, data, passwordFile, home, timeoutMs)
  syncDirectory(made)
  renameSync(made, home.cluster)
  syncDirectory(home.directory)
}

async function removeHalfMade(home: ClusterHome, log: Logger): Promise<void> {
  for (const name of readdirSync(home.directory)) {
    if (!name.startsWith(MAKING)) continue
    const directory = join(home.directory, name)
    log.warn({ directory }, 'removing a cluster whose making was interrupted')
    // The initdb of a killed starter may still write there for a moment. What stays is removed next time: it
    // is in nobody's way, for the new cluster is made under a name of its own.
    for (let left = REMOVALS_MAX; left > 0 && existsSync(directory); left--) {
      if (left < REMOVALS_MAX) await sleep(100)
      await rm(directory, { recursive: true, force: true }).catch((error: unknown) => {
        log.debug({ error, directory }, 'not yet removed')
      })
    }
  }
}

async function runInitdb(
  binaries: Binaries,
  data: string,
  passwordFile: string,
  home: ClusterHome,
  timeoutMs: number,
): Promise<void> {
  const settings = ['--encoding=UTF8', '--locale=C', '--auth=scram-sha-256', '--data-checksums']
  const child = spawn(
    binaries.initdb,
    ['-D', data, `--username=${ADMIN}`, `--pwfile=${passwordFile}`, ...settings, '--no-instructions'],
    {
      cwd: '/', // initdb needs a working directory that its user can read
      env: serverEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: Math.max(1, timeoutMs),
      killSignal: 'SIGKILL',
      ...runAs(home.user),
    },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-OUTPUT_CHARACTERS)))
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  child.once('error', (error) => resolve(error.message))
  child.once('close', (code, signal) =>
    resolve(code === 0 ? undefined : `ended with ${signal ?? `exit code ${code}`}`),
  )
  const problem = await promise
  if (problem !== undefined)
    throw new ClusterError(
      'initdb_failed',
      `make a PostgreSQL cluster: ${binaries.initdb} ${problem}:\n${output.trim()}`,
    )
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
