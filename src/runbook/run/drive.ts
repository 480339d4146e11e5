import { setTimeout as sleep } from 'node:timers/promises'
import type { Runnable } from '../program/block.ts'
import type { CommandPlace, Running } from './command.ts'
import type { Entry } from './entry.ts'
import type { Asked } from './folder.ts'
import { JournalFault, type Journal } from './journal.ts'
import type { CommandResult, Effect, RunEvent, RunState } from './machine-state.ts'
import { step } from './machine.ts'
import { environmentOf } from './progress.ts'

/** What a view is told. */
export type Notice =
  | { readonly kind: 'entry'; readonly at: number; readonly entry: Entry }
  | { readonly kind: 'command'; readonly at: number; readonly id: string; readonly station: string }
  | {
      readonly kind: 'command-ended'
      readonly at: number
      readonly id: string
      readonly station: string
      readonly outcome: CommandResult['outcome']
      readonly code: number | null
      readonly duration_ms: number
    }
  | { readonly kind: 'output'; readonly at: number; readonly id: string; readonly line: string }
  | { readonly kind: 'state'; readonly at: number; readonly state: RunState }

export interface Ports {
  readonly journal: Journal
  readonly start: (
    block: Runnable,
    timeoutMs: number,
    place: Pick<CommandPlace, 'environment' | 'onLine'>,
  ) => Running
  readonly now: () => number
  readonly notice: (notice: Notice) => void
  readonly requests: () => readonly Asked[]
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Pauses and kills from whoever drives this process. */
export interface Controls {
  readonly send: (event: Extract<RunEvent, { kind: 'pause' | 'kill' }>) => void
  /** Takes the oldest one. */
  readonly take: () => RunEvent | undefined
  /** Resolves when there is one; for one waiter at a time. */
  readonly arrival: () => Promise<void>
}

const QUEUE_MAX = 10

export function createControls(): Controls {
  const queue: RunEvent[] = []
  let wake = (): void => {}
  return {
    send: (event) => {
      if (queue.length < QUEUE_MAX) queue.push(event)
      wake()
    },
    take: () => queue.shift(),
    arrival: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      wake = resolve
      if (queue.length > 0) resolve()
      return promise
    },
  }
}

export type Driven =
  | { readonly kind: 'ended'; readonly state: RunState }
  | { readonly kind: 'journal-fault'; readonly why: string }

const POLL_MS = 250

const isEnded = ({ phase }: RunState): boolean => phase.kind === 'ended'

/** Carries out what the machine wants until it has ended. An entry that cannot be written ends everything. */
export async function drive(initial: RunState, ports: Ports, controls: Controls): Promise<Driven> {
  let state = initial
  let running: { readonly command: Running; readonly result: Promise<CommandResult> } | null = null
  let wakeAt = Infinity
  const perform = (effect: Effect): void => {
    if (effect.kind === 'record') recordEntry(ports, effect.entry)
    else if (effect.kind === 'wake') wakeAt = effect.at
    else if (effect.kind === 'kill') running?.command.kill()
    else {
      const command = begin(state, effect, ports)
      running = { command, result: command.done }
    }
  }
  const take = (event: RunEvent): void => {
    if (event.kind === 'tick') wakeAt = Infinity
    const transition = step(state, event, ports.now())
    state = transition.state
    if (event.kind === 'command-ended') running = null
    for (const effect of transition.effects) perform(effect)
    ports.notice({ kind: 'state', at: ports.now(), state })
  }
  try {
    for (let event: RunEvent | null = { kind: 'go' }; !isEnded(state);) {
      if (event) take(event)
      event = takeRequest(state, ports) ?? controls.take() ?? null
      if (event || isEnded(state)) continue
      event = await nextEvent(running, wakeAt, ports, controls)
    }
    return { kind: 'ended', state }
  } catch (error) {
    if (!(error instanceof JournalFault)) throw error
    await stopCommand(running)
    return { kind: 'journal-fault', why: error.message }
  }
}

async function stopCommand(running: { readonly command: Running } | null): Promise<void> {
  running?.command.kill()
  await running?.command.done
}

function recordEntry(ports: Ports, entry: Entry): void {
  const at = ports.now()
  ports.journal.append(entry, at)
  ports.notice({ kind: 'entry', at, entry })
}

function begin(
  state: RunState,
  { block, station, timeoutMs }: Extract<Effect, { kind: 'run' }>,
  ports: Ports,
): Running {
  const { id } = block
  ports.notice({ kind: 'command', at: ports.now(), id, station })
  const rehearsal = state.isRehearsal ? { BATON_RUNBOOK_REHEARSAL: '1' } : {}
  const own = { BATON_RUNBOOK_STEP: station, BATON_RUNBOOK_BLOCK: id, ...rehearsal }
  const command = ports.start(block, timeoutMs, {
    environment: {
      ...ports.environment,
      ...Object.fromEntries(state.program.parameters),
      ...environmentOf(state.progress),
      ...own,
    },
    onLine: (line) => ports.notice({ kind: 'output', at: ports.now(), id, line }),
  })
  const done = command.done.then((result) => {
    const { outcome, code, durationMs } = result
    ports.notice({
      kind: 'command-ended',
      at: ports.now(),
      id,
      station,
      outcome,
      code,
      duration_ms: durationMs,
    })
    return result
  })
  return { done, kill: command.kill }
}

/** A request counts once it is in the journal; only then its file goes. */
function takeRequest(state: RunState, ports: Ports): RunEvent | null {
  if (isEnded(state)) return null
  const [asked] = ports.requests()
  if (!asked) return null
  const { request, forget } = asked
  if (request.kind === 'pause') {
    forget()
    return { kind: 'pause', why: request.why }
  }
  const known = state.progress.approvals.get(request.id) ?? []
  if (known.some(({ by, block }) => by === request.by && block === request.block)) {
    forget()
    return null
  }
  return { kind: 'noted', entry: request }
}

async function nextEvent(
  running: { readonly result: Promise<CommandResult> } | null,
  wakeAt: number,
  ports: Ports,
  controls: Controls,
): Promise<RunEvent | null> {
  const done = new AbortController()
  const waitMs = Math.max(0, Math.min(POLL_MS, wakeAt - ports.now()))
  const timer = sleep(waitMs, null, { signal: done.signal }).catch(() => null)
  const result = await Promise.race([
    ...(running ? [running.result] : []),
    controls.arrival().then(() => null),
    timer,
  ])
  done.abort()
  if (result) return { kind: 'command-ended', result }
  return ports.now() >= wakeAt ? { kind: 'tick' } : null
}
