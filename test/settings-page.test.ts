// docs/settings.md is made from the source. UPDATE_DOCS=1 writes it anew.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { cliSettings } from '../src/cli/settings.ts'
import { faultProxySettings } from '../src/fault-proxy/program.ts'
import { gatewaySettings } from '../src/gateway/program.ts'
import { knownSettings } from '../src/process/known-settings.ts'
import { settingsPage } from '../src/process/settings-page.ts'
import { sandboxSettings } from '../src/sandbox/program.ts'
import { serviceSettings } from '../src/service/program.ts'
import { upSettings } from '../src/supervisor/settings.ts'

const sections = [
  { title: 'baton up', settings: upSettings },
  { title: 'gateway', settings: gatewaySettings },
  { title: 'messaging service', settings: serviceSettings },
  { title: 'baton drill', settings: cliSettings },
  { title: 'carrier sandbox', settings: sandboxSettings },
  { title: 'fault proxy', settings: faultProxySettings },
]

test('docs/settings.md says what the programs parse', () => {
  const file = join(import.meta.dirname, '..', 'docs', 'settings.md')
  const page = settingsPage(sections)
  if (process.env['UPDATE_DOCS']) writeFileSync(file, page)
  assert.equal(readFileSync(file, 'utf8'), page)
})

test('every setting of a program is known to the others', () => {
  const known = new Set<string>(knownSettings)
  const names = sections.flatMap(({ settings }) => Object.values(settings).map(({ name }) => name))
  const unknown = names.filter((name) => name.startsWith('BATON_') && !known.has(name))
  assert.ok(names.length > 20)
  assert.deepEqual(unknown, [])
})
