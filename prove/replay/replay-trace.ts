import { isDeepStrictEqual } from 'node:util'
import { statement } from '../../src/db/statement.ts'
import type { Ledger } from './ledger.ts'
import { actions } from './perform.ts'
import type { ModelRow, Step, Trace } from './trace.ts'
import { createWorld, type LedgerDatabases, type World } from './world.ts'

/** The code and the specification part ways. */
export interface Disagreement {
  readonly trace: string
  /** 1 for the first action. */
  readonly step: number
  readonly action: string
  readonly expected: string
  readonly found: string
}

interface LookedRow {
  message_uuid: string
  state: string
  holder: string
  epoch: number
  attempts: number
  attempt_token: string
  lane: string
  late: boolean
  held: boolean
  replays: number
  is_replaying: boolean
}

const look = statement<LookedRow>(import.meta.url, './sql/look.sql')
const sweeps = ['checks', 'proofs', 'logs', 'rows'].map((name) =>
  statement<never>(import.meta.url, `./sql/sweep-${name}.sql`),
)

/**
 * Does every action of the trace by the ledger's functions on fresh messages and compares, after each, rows and
 * answers. Returns the first disagreement, or null. The database must hold no other messages; it holds none
 * afterwards.
 */
export async function replayTrace(
  trace: Trace,
  ledger: Ledger,
  databases: LedgerDatabases,
): Promise<Disagreement | null> {
  const world = createWorld(ledger, databases, trace.steps[0]?.rows.size ?? 0)
  const tokens = new Map<number, string>()
  try {
    for (const [index, step] of trace.steps.entries()) {
      const difference = await replayStep(world, step, tokens)
      if (difference) return { trace: trace.name, step: index + 1, action: step.action, ...difference }
    }
    return null
  } finally {
    await databases.admin.transaction(async (runner) => {
      for (const sweep of sweeps) await runner.run(sweep, [world.uuids])
    })
  }
}

async function replayStep(
  world: World,
  step: Step,
  tokens: Map<number, string>,
): Promise<Pick<Disagreement, 'expected' | 'found'> | null> {
  const perform = actions[step.action]
  if (!perform) throw new Error(`replay: the specification has an action without code: ${step.action}`)
  let answers
  try {
    answers = await perform(world, step.picks, step)
  } catch (error) {
    const found = `threw ${error instanceof Error ? error.message : String(error)}`
    return { expected: show(step.answers), found }
  }
  if (!isDeepStrictEqual(sorted(answers), sorted(step.answers)))
    return { expected: show(step.answers), found: show(answers) }

  const rows = await world.databases.admin.run(look, [world.uuids])
  for (const [m, expected] of step.rows) {
    const row = rows.find(({ message_uuid }) => message_uuid === world.uuids[m])
    const found = abstract(row, expected)
    const wanted = relevant(expected)
    if (!isDeepStrictEqual(found, wanted))
      return { expected: `${m}: ${JSON.stringify(wanted)}`, found: `${m}: ${JSON.stringify(found)}` }
    const difference = row && compareToken(row.attempt_token, expected.token, tokens)
    if (difference) return difference
  }
  return null
}

type AbstractRow = Omit<ModelRow, 'token'>

function abstract(row: LookedRow | undefined, expected: ModelRow): AbstractRow {
  if (!row) return relevant({ ...expected, state: 'none', holder: 'nobody', epoch: 0, attempts: 0 })
  const { state, holder, epoch, attempts, lane, late, held, replays, is_replaying: isReplaying } = row
  return relevant({ state, holder, epoch, attempts, lane, late, held, replays, isReplaying, token: 0 })
}

/** Lane and times matter while somebody is to take the message; replays while the attempt is in doubt. */
function relevant({
  state,
  holder,
  epoch,
  attempts,
  lane,
  late,
  held,
  replays,
  isReplaying,
}: ModelRow): AbstractRow {
  const isWaiting = state === 'claimed' && holder === 'go'
  const isDoubted = state === 'in_doubt'
  return {
    state,
    holder,
    epoch,
    attempts,
    lane: isWaiting ? lane : '',
    late: state === 'claimed' && late,
    held: state === 'claimed' && held,
    replays: isDoubted ? replays : 0,
    isReplaying: isDoubted && isReplaying,
  }
}

/** The specification numbers tokens; the code makes random ones: the same for the same, another for another. */
function compareToken(
  found: string,
  number: number,
  tokens: Map<number, string>,
): Pick<Disagreement, 'expected' | 'found'> | null {
  const known = tokens.get(number)
  if (known === found) return null
  const owner = [...tokens].find(([, token]) => token === found)?.[0]
  if (known === undefined && owner === undefined) {
    tokens.set(number, found)
    return null
  }
  return { expected: `token ${number}`, found: owner === undefined ? 'a token of its own' : `token ${owner}` }
}

const sorted = (map: ReadonlyMap<number, string>) => [...map].toSorted(([a], [b]) => a - b)
const show = (map: ReadonlyMap<number, string>) => JSON.stringify(Object.fromEntries(map))
