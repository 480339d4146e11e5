import { Command } from 'commander'
import pc from 'picocolors'
import { ALL_RULES, type Rule } from '../../runbook/index.ts'
import { RunbookFileError } from './runbook-file.ts'
import { guarded, type Terminal } from './terminal.ts'

export function rulesVerb(terminal: Terminal): Command {
  return new Command('rules')
    .description('print the rules, or one of them in full')
    .argument('[id]', 'the id of a rule')
    .action((id: string | undefined) =>
      guarded(terminal, async () => {
        if (id === undefined) {
          terminal.out(ALL_RULES.map((rule) => `${rule.id.padEnd(28)} ${rule.title}\n`).join(''))
          return 0
        }
        const rule = ALL_RULES.find((candidate) => candidate.id === id)
        if (!rule) throw new RunbookFileError(`no rule has this id: ${id}: "baton runbook rules" lists them`)
        terminal.out(describe(rule))
        return 0
      }),
    )
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `  - ${line}\n`).join('')
}

function describe(rule: Rule): string {
  const invariant = rule.invariant === null ? '' : ` (invariant ${rule.invariant})`
  return `${pc.bold(rule.id)}${invariant}\n${rule.title}\n\nDemands:\n  ${rule.demands}\n\nBreaks it:\n${list(rule.breaks)}\nOnly looks so:\n${list(rule.looksOnlySo)}\nFixed by:\n  ${rule.fixedBy}\n`
}
