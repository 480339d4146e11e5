import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { plan, type Plan } from '../../runbook/run/index.ts'
import { openBook } from './book-file.ts'
import { printTrouble } from './print-problems.ts'
import { RunbookFileError } from './runbook-file.ts'
import { guarded, type RunTerminal } from './terminal.ts'

interface PlanOptions {
  readonly out?: string
  readonly json?: true
  readonly set?: readonly string[]
}

export function planVerb(terminal: RunTerminal): Command {
  return new Command('plan')
    .description('show what a run would do, in order; runs only the blocks that show the state of the system')
    .argument('<file>', 'the runbook')
    .option('--set <NAME=VALUE...>', 'values of parameters, in place of those the runbook gives them')
    .option('--out <file>', 'write the plan, for run --plan')
    .option('--json', 'print JSON')
    .action((file: string, { out, json, ...options }: PlanOptions) =>
      guarded(terminal, async () => {
        const planned = await plan(await openBook(terminal, file, options))
        if (planned.kind !== 'planned') return printTrouble(terminal, planned, json === true)
        if (out !== undefined) await writePlan(resolve(terminal.workingDirectory, out), planned.plan)
        terminal.out(json ? `${JSON.stringify(planned, null, 2)}\n` : render(planned.plan))
        if (!json)
          for (const { line, message } of planned.warnings) terminal.err(`baton: line ${line}: ${message}\n`)
        return 0
      }),
    )
}

async function writePlan(path: string, planned: Plan): Promise<void> {
  try {
    await writeFile(path, `${JSON.stringify(planned, null, 2)}\n`)
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new RunbookFileError(`cannot write the plan ${path}: ${reason}: name a file that can be written`, {
      cause: error,
    })
  }
}

function render({ name, document, tool, state, order }: Plan): string {
  const lines = order.flatMap(({ id, role, line, heading, what }, index) => [
    `${String(index + 1).padStart(3)}. ${role} ${id}  (line ${line}${heading === null ? '' : `, ${heading}`})`,
    ...what.map((text) => `       ${text}`),
  ])
  const stamps = [
    `document ${document.slice(0, 16)}`,
    `tool     ${tool}`,
    ...Object.entries(state).map(([id, digest]) => `state    ${id} ${digest.slice(0, 16)}`),
  ]
  return [`${name}: ${order.length} to get through`, ...lines, '', ...stamps, ''].join('\n')
}
