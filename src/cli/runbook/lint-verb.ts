import { Command, Option } from 'commander'
import { lint, type LintResult } from '../../runbook/index.ts'
import { renderGithub } from '../../runbook/report/github.ts'
import { renderHuman } from '../../runbook/report/human.ts'
import { jsonFinding } from '../../runbook/report/json.ts'
import { renderSarif } from '../../runbook/report/sarif.ts'
import { readRunbook } from './runbook-file.ts'
import { guarded, type Terminal } from './terminal.ts'

interface LintOptions {
  readonly json?: true
  readonly format?: 'human' | 'json' | 'sarif' | 'github'
}

export function lintVerb(terminal: Terminal): Command {
  return new Command('lint')
    .description('print what contradicts the invariants; exit 0 without findings, 1 with, 2 on an error')
    .argument('<file>', 'the runbook, or - for standard input')
    .option('--json', 'print JSON')
    .addOption(new Option('--format <format>', 'how to print').choices(['human', 'json', 'sarif', 'github']))
    .action((file: string, options: LintOptions) =>
      guarded(terminal, async () => {
        const { text } = await readRunbook(file, terminal.stdin)
        const result = lint(text)
        terminal.out(render(file, result, options.json ? 'json' : (options.format ?? 'human')))
        if (!result.facts.subject.isMigration)
          terminal.err(`baton: ${file} is not a runbook of this migration: 0 findings\n`)
        return result.findings.length === 0 ? 0 : 1
      }),
    )
}

function render(file: string, result: LintResult, format: NonNullable<LintOptions['format']>): string {
  switch (format) {
    case 'json':
      return (
        JSON.stringify({
          isMigrationRunbook: result.facts.subject.isMigration,
          findings: result.findings.map((finding) => jsonFinding(finding)),
        }) + '\n'
      )
    case 'sarif':
      return renderSarif(file, result.findings)
    case 'github':
      return renderGithub(file, result.findings)
    case 'human':
      return renderHuman(file, result)
  }
}
