// Finds PostgreSQL's programs: installed ones, else those that npm installed.
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import {
  copyPackage,
  embeddedPackageName,
  type EmbeddedPackage,
  findEmbeddedPackage,
  makeLinks,
} from './embedded-package.ts'
import { canEnter, findServerUser, runAs, type ServerUser } from './server-user.ts'
import { reachableRoot } from './reachable-root.ts'

export interface Binaries {
  readonly kind: 'installed' | 'embedded'
  /** As the server prints it: 15.18, 18.4. */
  readonly version: string
  readonly major: number
  readonly postgres: string
  readonly initdb: string
}

export interface NoBinaries {
  readonly kind: 'none'
  /** What was looked at, why it does not serve, and what to do. */
  readonly message: string
}

export interface FindOptions {
  /** Which kind comes first; the other one serves too. Installed ones by default. */
  readonly prefer?: 'installed' | 'embedded'
  /** Only this major version, because data of it exist. */
  readonly major?: number
  /** The folders to look in for installed ones, in this order. */
  readonly folders?: readonly string[]
  /** The package with the embedded ones, where it is not among this package's own. */
  readonly embedded?: EmbeddedPackage
  /** Where the embedded binaries are copied to when the server's user cannot reach them. */
  readonly copyTo?: string
}

const OLDEST_MAJOR = 15

const USUAL_PLACES = [
  '/usr/lib/postgresql/*/bin', // Debian
  '/usr/pgsql-*/bin', // Red Hat
  '/usr/libexec/postgresql*', // Alpine
  '/usr/local/pgsql/bin',
  '/opt/homebrew/opt/postgresql@*/bin',
  '/usr/local/opt/postgresql@*/bin',
  '/opt/local/lib/postgresql*/bin', // MacPorts
  '/Applications/Postgres.app/Contents/Versions/*/bin',
]

const versionIn = (folder: string): number => Number(/(\d+)\D*$/.exec(folder)?.[1] ?? 0)

/** PATH in its order, then the usual places, the newest version first. */
export function usualFolders(path = process.env['PATH'] ?? ''): string[] {
  const places = globSync(USUAL_PLACES).sort((a, b) => versionIn(b) - versionIn(a))
  return [...path.split(delimiter).filter((folder) => folder.startsWith('/')), ...places]
}

/**
 * The first binaries that the user who will run the server (another one where this process is root) can run.
 * May complete the embedded package: its links, or a copy in a place that user can reach. Idempotent.
 */
export function findBinaries(options: FindOptions = {}): Binaries | NoBinaries {
  const user = findServerUser()
  const rejected: string[] = []
  const accept = (found: Binaries | string): found is Binaries => {
    const why = typeof found === 'string' ? found : whyNot(found, options.major)
    if (why !== undefined) rejected.push(why)
    return why === undefined
  }
  const kinds =
    options.prefer === 'embedded'
      ? (['embedded', 'installed'] as const)
      : (['installed', 'embedded'] as const)
  for (const kind of kinds) {
    const candidates =
      kind === 'installed'
        ? findInstalled(options.folders ?? usualFolders(), user)
        : [findEmbedded(options, user)]
    for (const found of candidates) if (accept(found)) return found
  }
  const wanted =
    options.major === undefined
      ? `${OLDEST_MAJOR} or newer`
      : `${options.major}, which made the existing data`
  return {
    kind: 'none',
    message:
      `find PostgreSQL ${wanted}: none usable: ${rejected.join('; ')}: ` +
      'install PostgreSQL, or install the packages again with the optional ones, or set DATABASE_URL to a server',
  }
}

function whyNot({ major, version, postgres }: Binaries, wanted: number | undefined): string | undefined {
  if (major < OLDEST_MAJOR) return `${postgres} is ${version}, too old`
  return wanted === undefined || major === wanted ? undefined : `${postgres} is ${version}`
}

function* findInstalled(
  folders: readonly string[],
  user: ServerUser | undefined,
): Generator<Binaries | string> {
  const seen = new Set<string>()
  for (const folder of folders) {
    if (!['postgres', 'initdb'].every((name) => existsSync(join(folder, name)))) continue
    // A link in PATH leads to one of the usual places; the programs find their files from the real one.
    const postgres = realpathSync(join(folder, 'postgres'))
    if (seen.has(postgres)) continue
    seen.add(postgres)
    yield probe('installed', postgres, realpathSync(join(folder, 'initdb')), user)
  }
  if (seen.size === 0) yield 'none is installed in PATH or a usual place'
}

function findEmbedded(options: FindOptions, user: ServerUser | undefined): Binaries | string {
  const found = options.embedded ?? findEmbeddedPackage()
  if (!found) return `the package ${embeddedPackageName} is not installed`
  const probeIn = (native: string): Binaries | string =>
    probe('embedded', join(native, 'bin', 'postgres'), join(native, 'bin', 'initdb'), user)
  try {
    makeLinks(found.native)
    if (!user || canEnter(join(found.native, 'bin'), user)) return probeIn(found.native)
  } catch (error) {
    // A read-only installation: the copy gets its links.
    if (
      !(
        error instanceof Error &&
        'code' in error &&
        ['EACCES', 'EPERM', 'EROFS'].includes(String(error.code))
      )
    )
      throw error
  }
  return probeIn(copyPackage(found, options.copyTo ?? (user ? reachableRoot() : join(homedir(), '.cache'))))
}

function probe(
  kind: Binaries['kind'],
  postgres: string,
  initdb: string,
  user: ServerUser | undefined,
): Binaries | string {
  const ran = spawnSync(postgres, ['--version'], {
    encoding: 'utf8',
    cwd: '/',
    timeout: 10_000,
    ...runAs(user),
  })
  const as = user ? ` as ${user.name}` : ''
  if (ran.error) return `${postgres} does not run${as}: ${ran.error.message}`
  const [, version, major] = /\(PostgreSQL\) ((\d+)\S*)/.exec(ran.stdout) ?? []
  if (version === undefined || major === undefined)
    return `${postgres} does not tell its version${as}: ${(ran.stderr || ran.stdout).trim().slice(0, 200)}`
  return { kind, version, major: Number(major), postgres, initdb }
}
