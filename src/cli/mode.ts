import { Command } from 'commander'
import type { ModeView } from '../contract/gateway-api.ts'
import { callApi } from './call.ts'
import type { CliContext } from './context.ts'
import { modeHistoryCommand } from './mode-history.ts'
import { modeSetCommand } from './mode-set.ts'
import { renderModes } from './render-modes.ts'
import type { Reach } from './reach.ts'
import type { Outcome } from './shell.ts'

export function getMode(reach: Reach): Promise<Outcome<ModeView>> {
  return callApi(reach, {
    at: 'BATON_GATEWAY_URL',
    key: 'BATON_OPERATOR_KEY',
    method: 'GET',
    path: '/operator/mode',
  })
}

export function modeCommand(context: CliContext): Command {
  const { reach, report } = context
  const command = new Command('mode').description('who sends: the legacy side or the messaging service')
  command
    .command('get')
    .description('the mode in force')
    .option('--json', 'the answer as JSON')
    .action(async (options: { json?: boolean }) => report(await getMode(reach), options, renderModes))
  return command.addCommand(modeSetCommand(context)).addCommand(modeHistoryCommand(context))
}
