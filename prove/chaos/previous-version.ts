// An earlier version of this code, to run beside today's as a rolling restart does.
import { execFileSync, type ExecFileSyncOptions } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')
const COMMITS_BACK_MAX = 200
/** Far enough back to be another version. */
const COMMITS_BACK_MIN = 5
const MIGRATIONS = 'src/db/migrations'

export type PreviousVersion =
  | { readonly kind: 'found'; readonly root: string; readonly commit: string }
  | { readonly kind: 'none'; readonly reason: string }

let found: PreviousVersion | undefined

/**
 * The latest earlier version that today's schema still serves: all its migrations are among today's, and it knows all
 * that a gateway may find in its own records.
 */
export async function previousVersion(): Promise<PreviousVersion> {
  found ??= find()
  return found
}

/** Removes what was unpacked. */
export function forgetPreviousVersion(): void {
  if (found?.kind === 'found') rmSync(found.root, { recursive: true, force: true })
  found = undefined
}

function find(): PreviousVersion {
  if (!existsSync(join(ROOT, '.git'))) return { kind: 'none', reason: 'there is no .git folder' }
  const today = migrationsAt('HEAD')
  if (today === undefined) return { kind: 'none', reason: 'git does not run here' }
  const commits = git(['rev-list', `--max-count=${COMMITS_BACK_MAX}`, 'HEAD'])
  const earlier = commits?.trim().split('\n').slice(COMMITS_BACK_MIN) ?? []
  for (const commit of earlier) {
    const then = migrationsAt(commit)
    if (then && isServed(then, today)) return unpack(commit)
  }
  return { kind: 'none', reason: 'no earlier version whose migrations are all among those of today' }
}

function isServed(then: ReadonlySet<string>, today: ReadonlySet<string>): boolean {
  const known = [...today].filter((entry) => entry.includes(`${MIGRATIONS}/legacy/`))
  return known.every((entry) => then.has(entry)) && [...then].every((entry) => today.has(entry))
}

/** Mode, content and path of every migration. */
function migrationsAt(commit: string): Set<string> | undefined {
  const listing = git(['ls-tree', '-r', commit, MIGRATIONS])
  return listing === undefined ? undefined : new Set(listing.split('\n').filter(Boolean))
}

function unpack(commit: string): PreviousVersion {
  const root = mkdtempSync(join(tmpdir(), 'baton-previous-'))
  const archive = execFileSync('git', ['archive', commit, 'bin', 'src', 'package.json'], quietly)
  execFileSync('tar', ['-x', '-C', root], { input: archive })
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  return { kind: 'found', root, commit }
}

const quietly: ExecFileSyncOptions = {
  cwd: ROOT,
  stdio: ['ignore', 'pipe', 'pipe'],
  maxBuffer: 512 * 1024 * 1024,
}

function git(words: readonly string[]): string | undefined {
  try {
    return String(execFileSync('git', [...words], quietly))
  } catch {
    return undefined
  }
}
