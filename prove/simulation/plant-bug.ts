import { cpSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Edit {
  /** From the project's root. */
  readonly file: string
  /** Stands there exactly once. */
  readonly search: string
  readonly replace: string
}

export interface Bug {
  readonly name: string
  readonly edits: readonly Edit[]
  /** Schedules in which it must be found, where the usual number is too few: what it needs comes together seldom. */
  readonly schedulesMax?: number
}

const parts = [
  'src/authority',
  'src/contract',
  'src/core',
  'src/db',
  'src/gateway',
  'src/http',
  'src/process',
]
const copied = [...parts, 'src/providers', 'src/service', 'src/sms', 'prove/simulation/store']

/** A copy of the sources with the bug in it, under the project so that its packages are found. Remove it after use. */
export function plantBug(root: string, { name, edits }: Bug): { readonly root: string; remove(): void } {
  const folder = join(root, '.baton', 'simulation')
  mkdirSync(folder, { recursive: true })
  const copy = mkdtempSync(join(folder, `${name.replaceAll(/\W+/g, '-')}-`))
  for (const part of copied) cpSync(join(root, part), join(copy, part), { recursive: true })
  const remove = () => rmSync(copy, { recursive: true, force: true })
  try {
    for (const edit of edits) applyEdit(copy, name, edit)
  } catch (error) {
    remove()
    throw error
  }
  return { root: copy, remove }
}

function applyEdit(root: string, bug: string, { file, search, replace }: Edit): void {
  const path = join(root, file)
  const source = readFileSync(path, 'utf8')
  const found = source.split(search).length - 1
  if (found !== 1) {
    throw new Error(`bug "${bug}": ${file} has its place ${found} times, not once: bring bugs.ts up to date`)
  }
  writeFileSync(
    path,
    source.replace(search, () => replace),
  )
}
