import pc from 'picocolors'
import { maskNumbers } from '../../process/mask-numbers.ts'
import { durationText } from '../../runbook/program/duration.ts'
import type { Notice } from '../../runbook/run/index.ts'
import { isComplete } from '../../runbook/run/outlook.ts'
import { markOf } from '../../runbook/run/progress.ts'
import type { RunTerminal } from './terminal.ts'
import type { RunView } from './run-view.ts'

type State = Extract<Notice, { kind: 'state' }>['state']

export interface Frame {
  readonly state: State
  /** Since when this station is at work, and now; milliseconds since the epoch. */
  readonly since: number
  readonly now: number
  /** The newest line of output. */
  readonly tail: string
}

const REDRAW_MS = 200
const STATIONS_MAX = 16

/** The picture of a run, redrawn in place. */
export function liveView(terminal: RunTerminal): RunView {
  let frame: Frame | null = null
  let height = 0
  const draw = (): void => {
    if (!frame) return
    const lines = renderFrame({ ...frame, now: Math.max(frame.now, Date.now()) }, terminal.columns())
    terminal.out(`${height > 0 ? `\u001b[${height}A\u001b[0J` : ''}${lines.join('\n')}\n`)
    height = lines.length
  }
  const timer = setInterval(draw, REDRAW_MS)
  return {
    notice: (notice) => {
      if (notice.kind === 'output' && frame) frame = { ...frame, tail: `${notice.id} | ${notice.line}` }
      if (notice.kind !== 'state') return
      const isSame = frame !== null && currentOf(frame.state) === currentOf(notice.state)
      frame = {
        state: notice.state,
        since: isSame && frame ? frame.since : notice.at,
        now: notice.at,
        tail: frame?.tail ?? '',
      }
    },
    close: () => {
      clearInterval(timer)
      draw()
    },
  }
}

/** The lines of a picture, none wider than the terminal. Pure. */
export function renderFrame(frame: Frame, columns: number): string[] {
  const { state, tail } = frame
  const { program, isRehearsal } = state
  const here = currentOf(state)
  const at = Math.max(
    0,
    program.stations.findIndex(({ id }) => id === here),
  )
  const first = Math.max(0, Math.min(at - STATIONS_MAX / 2, program.stations.length - STATIONS_MAX))
  const shown = program.stations.slice(first, first + STATIONS_MAX)
  const done = program.stations.filter(({ id }) => isComplete(program, state.progress, id)).length
  return [
    pc.bold(
      cutTo(
        `${program.name}${isRehearsal ? ' (rehearsal)' : ''}  ${done} of ${program.stations.length}`,
        columns,
      ),
    ),
    ...shown.map(({ id, role }) => stationLine(frame, id, role, id === here, columns)),
    pc.dim(cutTo(maskNumbers(tail), columns)),
  ]
}

function currentOf({ phase, program }: State): string | null {
  if ('step' in phase) return phase.step
  if ('approval' in phase) return phase.approval
  if ('place' in phase) return program.places.find(({ key }) => key === phase.place)?.station ?? null
  return null
}

function stationLine(frame: Frame, id: string, role: string, isHere: boolean, columns: number): string {
  const { program, progress } = frame.state
  const { status } = markOf(progress, id)
  const detail = isHere ? `${phaseText(frame)}  ${durationText(frame.now - frame.since)}` : ''
  if (isHere) return pc.yellow(cutTo(`  > ${role} ${id}  ${maskNumbers(detail)}`, columns))
  if (isComplete(program, progress, id)) return pc.green(cutTo(`  + ${role} ${id}`, columns))
  if (status === 'undone') return cutTo(`  < ${role} ${id}  taken back`, columns)
  if (status === 'new' || status === 'done') return pc.dim(cutTo(`  . ${role} ${id}`, columns))
  return pc.red(cutTo(`  x ${role} ${id}  ${status}`, columns))
}

function phaseText({ state: { phase, progress }, now }: Frame): string {
  switch (phase.kind) {
    case 'judging':
    case 'waiting': {
      const last = progress.verdicts.get(phase.place)
      const soak = phase.passSince === null ? '' : ` soaking for ${durationText(now - phase.passSince)}`
      return `${last ? `${last.verdict}: ${last.why}` : 'evaluating'}${soak}`
    }
    case 'awaiting':
      return phase.holds.length > 0 ? `held by ${phase.holds.join(', ')}` : 'waiting for approval'
    case 'watching':
      return `looking at ${phase.left[0] ?? ''}`
    case 'ended':
      return phase.why
    default:
      return phase.kind
  }
}

/** Cut to a width in columns; wide characters count twice. */
function cutTo(text: string, columns: number): string {
  let width = 0
  let cut = ''
  for (const character of text) {
    width += (character.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1
    if (width >= columns) return cut
    cut += character
  }
  return cut
}
