import { Command } from 'commander'
import { harden, type HardenResult } from '../../runbook/index.ts'
import { verdicts } from '../../runbook/report/evidence.ts'
import { jsonFinding } from '../../runbook/report/json.ts'
import { renderParts } from '../../runbook/report/parts.ts'
import { forwardPatch, undoPatch } from '../../runbook/report/undo-patch.ts'
import { readRunbook, RunbookFileError, writeRunbook, writeUndo, type RunbookFile } from './runbook-file.ts'
import { guarded, type Terminal } from './terminal.ts'

interface HardenOptions {
  readonly write?: true
  readonly check?: true
  readonly diff?: true
  readonly json?: true
  readonly undo?: string
}

export function hardenVerb(terminal: Terminal): Command {
  return new Command('harden')
    .description(
      'remove the contradictions by minimal edits and print Parts A to D; without --write nothing is written',
    )
    .argument('<file>', 'the runbook, or - for standard input')
    .option('--write', 'edit the file in place, in one step')
    .option('--check', 'write nothing; exit 1 when an edit or a decision is left')
    .option('--diff', 'print the edits as a unified diff')
    .option('--undo <patchfile>', 'also write a patch that takes the edits back')
    .option('--json', 'print JSON')
    .action((path: string, options: HardenOptions) =>
      guarded(terminal, async () => {
        if (options.write && path === '-')
          throw new RunbookFileError('cannot write to standard input: -: name a file, or leave out --write')
        if (options.write && options.check)
          throw new RunbookFileError('cannot take both: --write and --check: choose one')
        const file = await readRunbook(path, terminal.stdin)
        const result = harden(file.text)
        if (options.undo !== undefined)
          await writeUndo(options.undo, undoPatch(path, result.before, result.after))
        if (options.write && result.after !== result.before) await writeRunbook(file, result.after)
        terminal.out(render(file, result, options))
        return exitCode(result, options)
      }),
    )
}

function exitCode(result: HardenResult, options: HardenOptions): number {
  if (options.check) return result.after === result.before && result.remaining.length === 0 ? 0 : 1
  return result.remaining.length === 0 ? 0 : 1
}

function render({ path }: RunbookFile, result: HardenResult, options: HardenOptions): string {
  if (options.json) {
    const { edits, remaining, applied, passes } = result
    return (
      JSON.stringify({
        edits,
        remaining: remaining.map((finding) => jsonFinding(finding)),
        applied,
        passes,
        invariants: verdicts(result.final),
      }) + '\n'
    )
  }
  if (options.diff)
    return result.after === result.before ? '' : forwardPatch(path, result.before, result.after)
  return renderParts(result)
}
