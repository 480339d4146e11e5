import { Command } from 'commander'
import type { CliContext } from '../context.ts'
import type { CliShell } from '../shell.ts'

type Run = (argv: readonly string[], shell: CliShell) => Promise<number>

export function mcpCommand({ shell }: CliContext, run: Run): Command {
  return new Command('mcp')
    .description(
      'the Model Context Protocol on standard input and output, for agents; reads only, unless told otherwise',
    )
    .option('--allow-changes', 'also run steps of the runbook, pause it and roll it back')
    .action(async (options: { allowChanges?: boolean }) => {
      // Loaded when it is asked for: no other verb waits for it.
      const { serveMcp } = await import('./serve.ts')
      await serveMcp({ shell, run, changesAllowed: options.allowChanges ?? false })
    })
}
