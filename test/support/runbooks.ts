// Small runbooks in folders of their own, whose steps leave their effects in a file.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import type { Book } from '../../src/runbook/run/index.ts'

const folders: string[] = []
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'runner-'))
  folders.push(folder)
  return folder
}

export function bookIn(folder: string, text: string): Book {
  const { PATH } = process.env
  return {
    text,
    name: 'test',
    folder,
    journal: join(folder, 'journal'),
    set: new Map(),
    environment: { PATH },
  }
}

export function block(attributes: Readonly<Record<string, unknown>>, command: string): string {
  return `\`\`\`sh ${JSON.stringify({ timeout: '20s', ...attributes })}\n${command}\n\`\`\`\n\n`
}

export const gate = (name: string, command: string, more = {}): string =>
  block({ name, baton: 'gate', every: '50ms', ...more }, command)

/** A step that writes its name, with a check that looks for it and a rollback that writes `un-NAME`. */
export function effectStep(name: string, more = {}, after = ''): string {
  const count = (word: string): string => `$(grep -c '^${word}$' effects 2>/dev/null || true)`
  return [
    block(
      { name, baton: 'step', check: `is-${name}`, rollback: `un-${name}`, ...more },
      `echo ${name} >> effects\n${after}`,
    ),
    block(
      { name: `is-${name}`, baton: 'check' },
      `test "${count(name)}0" -gt "${count(`un-${name}`)}0" || exit 1\n${after}`,
    ),
    block({ name: `un-${name}`, baton: 'rollback' }, `echo un-${name} >> effects`),
  ].join('')
}

export function effectsIn(folder: string, file = 'effects'): string[] {
  const path = join(folder, file)
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : []
}
