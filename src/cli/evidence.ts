import { dirname } from 'node:path'
import { Command } from 'commander'
import { keptHeadsOf, readKeptHeads } from '../operator/kept-heads.ts'
import { verifyEvidence, type Verification } from '../operator/verify-evidence.ts'
import type { CliContext } from './context.ts'
import { withDatabases } from './open-databases.ts'
import type { Reach } from './reach.ts'
import type { Outcome } from './shell.ts'
import { verdictCodes } from './verdicts.ts'

/** Verifies the chain against its anchors and the heads that were kept on this machine. */
export function runVerify(reach: Reach): Promise<Outcome<Verification>> {
  return withDatabases(reach, async ({ legacy, messaging }) => {
    const kept = readKeptHeads(keptHeadsOf(dirname(reach.envFile)))
    return { kind: 'done', value: await verifyEvidence(legacy, messaging, kept) }
  })
}

export function evidenceCommand({ reach, report, finish }: CliContext): Command {
  const command = new Command('evidence').description('what gates were judged by')
  command
    .command('verify')
    .description('find any edit, deletion, reordering or cut in the chain of evidence')
    .option('--json', 'the answer as JSON')
    .action(async (options: { json?: boolean }) => {
      const outcome = await runVerify(reach)
      if (outcome.kind === 'done') finish(verdictCodes[outcome.value.verdict])
      report(outcome, options, ({ verdict, records, head, problems }) =>
        [
          `${verdict}   ${records} records, head ${head ? `${head.seq} ${head.hash}` : 'none'}`,
          ...problems,
        ].join('\n'),
      )
    })
  return command
}
