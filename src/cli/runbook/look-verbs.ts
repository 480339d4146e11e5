import { Command } from 'commander'
import { next, status, type Next, type Status } from '../../runbook/run/index.ts'
import { maskNumbers } from '../../process/mask-numbers.ts'
import { table } from '../table.ts'
import { openBook, type BookOptions } from './book-file.ts'
import { printTrouble } from './print-problems.ts'
import { guarded, type RunTerminal } from './terminal.ts'

interface LookOptions extends BookOptions {
  readonly json?: true
}

function look(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<file>', 'the runbook')
    .option(
      '--journal <folder>',
      'where the run is recorded (default: .baton/runbook/NAME beside the runbook)',
    )
    .option('--json', 'print JSON')
}

export function statusVerb(terminal: RunTerminal): Command {
  return look('status', 'where a run stands').action((file: string, options: LookOptions) =>
    guarded(terminal, async () => {
      const found = status(await openBook(terminal, file, options))
      if (found.kind !== 'status') return printTrouble(terminal, found, options.json === true)
      terminal.out(options.json ? `${JSON.stringify(found, null, 2)}\n` : renderStatus(found))
      return 0
    }),
  )
}

export function nextVerb(terminal: RunTerminal): Command {
  return look('next', 'what may be done now, and why the rest may not').action(
    (file: string, options: LookOptions) =>
      guarded(terminal, async () => {
        const found = next(await openBook(terminal, file, options))
        if (found.kind !== 'next') return printTrouble(terminal, found, options.json === true)
        terminal.out(options.json ? `${JSON.stringify(found, null, 2)}\n` : renderNext(found))
        return 0
      }),
  )
}

function renderStatus(found: Extract<Status, { kind: 'status' }>): string {
  const { name, stations, last_stop: stop, edited } = found
  const state = found.is_complete
    ? 'complete'
    : found.is_rolling_back
      ? 'a rollback is under way'
      : found.is_begun
        ? 'begun'
        : 'not begun'
  const lines = [
    `${name}: ${state}${found.is_running ? ', running now' : ''}`,
    ...(edited.length > 0 ? [`edited since: ${edited.join(', ')}`] : []),
    table(
      ['what', 'name', 'state', 'detail'],
      stations.map((station) => [station.role, station.id, station.state, maskNumbers(station.detail)]),
    ),
    ...(stop ? [`last stop (${stop.code}): ${maskNumbers(stop.why)}`] : []),
  ]
  return `${lines.join('\n')}\n`
}

function renderNext({ may, refused }: Extract<Next, { kind: 'next' }>): string {
  const allowed = may.map(({ id, action, what }) => [action, id, what, ''])
  const others = refused.map(({ id, why, lift }) => ['-', id, why, lift])
  return `${table(['may', 'name', 'what, or why not', 'what lifts it'], [...allowed, ...others])}\n`
}
