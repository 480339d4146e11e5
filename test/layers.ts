// The directions of the architecture, one rule a line, checked over every import in src/ and bin/.
// A rule that examined no file fails: a renamed folder must not switch its rule off.
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

export interface Rule {
  readonly name: string
  /** Path prefixes (relative to the root) whose files the rule is about. */
  readonly from: readonly string[]
  /** Whether such a file may have this import: a path relative to the root, or a package's name. */
  readonly allows: (target: string, file: string) => boolean
}

const isOurs = (target: string): boolean => target.startsWith('src/') || target.startsWith('bin/')
const within =
  (...folders: string[]) =>
  (target: string): boolean =>
    !isOurs(target) || folders.some((folder) => target.startsWith(`src/${folder}`))
const outside =
  (...folders: string[]) =>
  (target: string): boolean =>
    !folders.some((folder) => target.startsWith(`src/${folder}`))

export const rules: readonly Rule[] = [
  {
    name: 'core imports nothing but core',
    from: ['src/core/'],
    allows: (target) => target.startsWith('src/core/'),
  },
  { name: 'contract imports nothing of ours', from: ['src/contract/'], allows: within('contract/') },
  {
    name: 'gateway never imports service',
    from: ['src/gateway/'],
    allows: outside('service/', 'sandbox/', 'cli/'),
  },
  {
    name: 'service never imports gateway',
    from: ['src/service/'],
    allows: outside('gateway/', 'sandbox/', 'cli/'),
  },
  {
    name: 'providers never import db',
    from: ['src/providers/'],
    allows: outside('db/', 'gateway/', 'service/'),
  },
  {
    name: 'authority knows no caller',
    from: ['src/authority/'],
    allows: within('authority/', 'db/', 'core/'),
  },
  {
    name: 'only authority makes permits',
    from: ['src/', 'bin/'],
    allows: (target, file) => target !== 'src/authority/permit-maker.ts' || file.startsWith('src/authority/'),
  },
  {
    name: 'the dry run reaches no provider',
    from: ['src/service/dry-run'],
    allows: outside('providers/', 'authority/'),
  },
  {
    name: 'sandbox stands alone',
    from: ['src/sandbox/'],
    allows: within('sandbox/', 'contract/', 'process/', 'http/'),
  },
  {
    name: 'reconcile knows the gateway, never the service or who asks',
    from: ['src/reconcile/'],
    allows: within('reconcile/', 'gateway/', 'db/', 'core/', 'contract/'),
  },
  {
    name: 'operator never imports service, providers or cli',
    from: ['src/operator/'],
    allows: outside('service/', 'providers/', 'cli/', 'sandbox/', 'authority/'),
  },
  // Its runner keeps a journal: the lock between processes and the durable write exist once.
  {
    name: 'the runbook tool stands alone',
    from: ['src/runbook/'],
    allows: within('runbook/', 'process/file-lock', 'process/write-private-file'),
  },
  {
    name: 'http knows core and contract',
    from: ['src/http/'],
    allows: within('http/', 'core/', 'contract/'),
  },
  { name: 'db stands alone', from: ['src/db/'], allows: within('db/') },
  { name: 'process stands alone', from: ['src/process/'], allows: within('process/') },
  {
    name: 'fault-proxy stands alone',
    from: ['src/fault-proxy/'],
    allows: within('fault-proxy/', 'process/', 'http/'),
  },
  { name: 'postgres stands alone', from: ['src/postgres/'], allows: within('postgres/', 'process/') },
  { name: 'nothing imports bin', from: ['src/'], allows: (target) => !target.startsWith('bin/') },
]

const IMPORT = /\b(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/g

/** The imports of a source text as root-relative paths (ours) or package names. */
export function importsOf(source: string, file: string): string[] {
  return Array.from(source.matchAll(IMPORT), (match) => {
    const specifier = match[1] ?? match[2] ?? ''
    return specifier.startsWith('.') ? relative('.', resolve('.', dirname(file), specifier)) : specifier
  })
}

export interface LayerReport {
  readonly violations: string[]
  readonly emptyRules: string[]
  readonly imports: number
}

/** Holds every rule against the given files: root-relative path -> source text. */
export function checkLayers(files: ReadonlyMap<string, string>): LayerReport {
  const violations: string[] = []
  const emptyRules: string[] = []
  let imports = 0
  for (const rule of rules) {
    let examined = 0
    for (const [file, source] of files) {
      if (!rule.from.some((prefix) => file.startsWith(prefix))) continue
      examined++
      for (const target of importsOf(source, file)) {
        imports++
        if (!rule.allows(target, file)) violations.push(`${file} imports ${target}: ${rule.name}`)
      }
    }
    if (examined === 0) emptyRules.push(`${rule.name}: no file under ${rule.from.join(', ')}`)
  }
  return { violations, emptyRules, imports }
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  process.chdir(root)
  const paths = globSync(['src/**/*.ts', 'bin/*.ts']).filter((path) => !path.endsWith('.test.ts'))
  const report = checkLayers(new Map(paths.map((path) => [path, readFileSync(path, 'utf8')])))
  const problems = [...report.violations, ...report.emptyRules]
  for (const problem of problems) console.error(`layers: ${problem}`)
  if (problems.length > 0 || report.imports === 0) process.exit(1)
  console.log(`layers: ${rules.length} rules over ${paths.length} files, ${report.imports} imports examined`)
}
