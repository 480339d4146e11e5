import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { ClusterError } from './cluster-error.ts'
import type { ClusterHome } from './cluster-home.ts'
import { findBinaries, type Binaries } from './find-binaries.ts'
import { initialiseCluster } from './initialise-cluster.ts'

/** Makes the cluster if there is none, and gives the binaries that fit its data. Needs the start lock. */
export async function ensureCluster(
  home: ClusterHome,
  options: {
    readonly log: Logger
    readonly binaries?: Binaries
    readonly prefer?: Binaries['kind']
    readonly movedParent?: string
  },
  deadline: number,
): Promise<Binaries> {
  const major = existsSync(home.cluster) ? majorOf(home) : undefined
  const binaries = options.binaries ?? find(home, major, options)
  if (major === undefined) await initialiseCluster(home, binaries, deadline - Date.now(), options.log)
  else if (binaries.major !== major)
    throw otherVersion(home, major, `${binaries.postgres} is ${binaries.version}`)
  return binaries
}

function find(
  home: ClusterHome,
  major: number | undefined,
  { prefer, movedParent }: { prefer?: Binaries['kind']; movedParent?: string },
): Binaries {
  const found = findBinaries({
    ...(prefer === undefined ? {} : { prefer }),
    ...(major === undefined ? {} : { major }),
    ...(movedParent === undefined ? {} : { copyTo: movedParent }),
  })
  if (found.kind !== 'none') return found
  if (major === undefined) throw new ClusterError('no_binaries', found.message)
  throw otherVersion(home, major, found.message)
}

function majorOf(home: ClusterHome): number {
  const file = join(home.data, 'PG_VERSION')
  const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : 'nothing'
  const major = Number(text)
  if (Number.isSafeInteger(major) && existsSync(home.passwordFile)) return major
  throw new ClusterError(
    'directory_not_ours',
    `use the private PostgreSQL cluster: incomplete: ${home.cluster}: its PG_VERSION says ${text}, its password file is ` +
      `${existsSync(home.passwordFile) ? 'there' : 'gone'}: nothing there was changed; restore it or move it away`,
  )
}

function otherVersion(home: ClusterHome, major: number, found: string): ClusterError {
  return new ClusterError(
    'other_version',
    `use the private PostgreSQL cluster: its data is of PostgreSQL ${major}: ${home.data}: ${found}: ` +
      `nothing there was changed; install PostgreSQL ${major}, or move ${home.directory} away to begin with a new cluster`,
  )
}
