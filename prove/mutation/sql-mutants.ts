import { lineAt, type Mutant } from './mutant.ts'

/** A pattern in a statement and what each hit becomes. */
interface Rule {
  readonly pattern: RegExp
  readonly become: (hit: string) => string
}

const rules: readonly Rule[] = [
  { pattern: / = (?!'on')/g, become: () => ' <> ' },
  { pattern: / <> /g, become: () => ' = ' },
  { pattern: / <= /g, become: () => ' > ' },
  { pattern: / < /g, become: () => ' >= ' },
  { pattern: / > /g, become: () => ' <= ' },
  { pattern: /\band (?=not |\(|[a-z_.]+ )/g, become: () => 'or ' },
  { pattern: /\bis null\b/g, become: () => 'is not null' },
  { pattern: /\bis not null\b/g, become: () => 'is null' },
  { pattern: /'claimed'/g, become: () => "'dispatched'" },
  { pattern: /'dispatched'/g, become: () => "'claimed'" },
  { pattern: /'in_doubt'/g, become: () => "'dispatched'" },
  { pattern: /'legacy'/g, become: () => "'go'" },
  { pattern: /'go'/g, become: () => "'legacy'" },
  { pattern: / \+ 1\b/g, become: () => ' + 2' },
  { pattern: /set_config\('synchronous_commit', 'on', true\)/g, become: () => "'on'" },
  { pattern: /\blimit \S+/g, become: () => '' },
]

/** Every mutant of a SQL statement; comments are left alone. */
export function sqlMutants(file: string, source: string): Mutant[] {
  const mutants: Mutant[] = []
  for (const { pattern, become } of rules) {
    for (const match of source.matchAll(pattern)) {
      const [hit] = match
      const from = match.index
      if (isComment(source, from)) continue
      mutants.push({
        file,
        from,
        to: from + hit.length,
        text: become(hit),
        line: lineAt(source, from),
        about: `${hit.trim()} -> ${become(hit).trim() || 'nothing'}`,
      })
    }
  }
  return mutants.sort((a, b) => a.from - b.from)
}

function isComment(source: string, offset: number): boolean {
  const start = source.lastIndexOf('\n', offset - 1) + 1
  return source.slice(start, offset).includes('--')
}
