import { readFileSync } from 'node:fs'
import type { Parameter, Runner } from '../db/database.ts'
import type { Statement } from '../db/statement.ts'
import { widen, type UuidRange } from './uuid-range.ts'

/** How many messages a part or piece holds, and one hash over them. */
export interface Print {
  readonly messages: number
  readonly hash: string
}

/** A part that is to be cut into pieces; `pieces` is a power of two. */
export interface Cut {
  readonly part: number
  readonly range: UuidRange
  readonly pieces: number
}

export interface ClassedMessage {
  readonly messageUuid: string
  readonly messageClass: number
}

/** One side of a comparison: a set of (message_uuid, class) in one database, hashed by its server. */
export interface Side {
  readonly name: string
  /** Indexes alone tell the prints of its parts: a hash over the whole would cost as much. */
  readonly isCovered: boolean
  /** A uuid at or before which no message stands from `from` on; undefined: there are no more. */
  first(from: string): Promise<string | undefined>
  whole(range: UuidRange): Promise<Print>
  /** Prints of the non-empty parts. `parts` are neighbours, in order. */
  parts(parts: readonly UuidRange[]): Promise<Map<number, Print>>
  /** Prints of the non-empty pieces, by {@link pieceKey}. */
  pieces(cuts: readonly Cut[]): Promise<Map<number, Print>>
  messages(cuts: readonly Cut[], pieceKeys: readonly number[]): Promise<ClassedMessage[]>
}

export interface SideOptions {
  readonly name: string
  readonly runner: Runner
  readonly view: string
  /**
   * The indexed column by which messages are found when it is not `message_uuid`: `request_id`, whose time is
   * that of the request's messages but for a moment.
   */
  readonly near?: 'request_id'
  /** Whether the view's indexes hold all it asks for. */
  readonly isCovered?: boolean
  /** A table that holds every message of the view, to be leapt through; the view by default. */
  readonly table?: string
}

const nothing: Print = { messages: 0, hash: '0' }
const NEAR_MARGIN_MS = 5_000
const PIECE_BASE = 2 ** 32

export const pieceKey = (part: number, piece: number): number => part * PIECE_BASE + piece
export const partOfKey = (key: number): number => Math.floor(key / PIECE_BASE)

export function createSide(options: SideOptions): Side {
  const { name, runner, near, isCovered = false } = options
  const statementFor = <Row>(file: string): Statement<Row> => viewStatement<Row>(file, options)
  const first = statementFor<{ near: string }>('first')
  const whole = statementFor<Print>('whole')
  type PartRow = { part: number; messages: number; hash: string }
  const parts = statementFor<PartRow>('parts')
  const covered = statementFor<PartRow>('parts-covered')
  const pieces = statementFor<{ part: number; piece: number; messages: number; hash: string }>('pieces')
  const messages = statementFor<{ message_uuid: string; class: number }>('messages')
  const around = (range: UuidRange): UuidRange => (near ? widen(range, NEAR_MARGIN_MS) : range)

  return {
    name,
    isCovered,
    async first(from) {
      const [row] = await runner.run(first, [around({ from, to: from }).from])
      return row?.near
    },
    async whole(range) {
      const { from, to } = around(range)
      const [row] = await runner.run(whole, [range.from, range.to, from, to])
      return row ?? nothing
    },
    async parts(ranges) {
      const starts = ranges.map((range) => range.from)
      const whole = { from: starts[0] ?? '', to: ranges.at(-1)?.to ?? '' }
      const { from, to } = around(whole)
      const rows = isCovered
        ? await runner.run(covered, [starts, ranges.map((range) => range.to)])
        : await runner.run(parts, [whole.from, whole.to, starts, from, to])
      return new Map(rows.map(({ part, messages, hash }) => [part, { messages, hash }]))
    },
    async pieces(cuts) {
      const rows = await runner.run(pieces, columnsOf(cuts, around))
      return new Map(
        rows.map(({ part, piece, messages, hash }) => [pieceKey(part, piece), { messages, hash }]),
      )
    },
    async messages(cuts, pieceKeys) {
      const rows = await runner.run(messages, [...columnsOf(cuts, around), pieceKeys])
      return rows.map((row) => ({ messageUuid: row.message_uuid, messageClass: row.class }))
    },
  }
}

function columnsOf(cuts: readonly Cut[], around: (range: UuidRange) => UuidRange): Parameter[] {
  return [
    cuts.map(({ part }) => part),
    cuts.map(({ range }) => range.from),
    cuts.map(({ range }) => range.to),
    cuts.map(({ range }) => around(range).from),
    cuts.map(({ range }) => around(range).to),
    cuts.map(({ pieces }) => pieces),
  ]
}

/**
 * Without a name it is planned anew each time: the plan depends on how wide the range is. Where messages are found
 * by their own uuid, the second range would only be compared twice.
 */
function viewStatement<Row>(file: string, { view, near, table = view }: SideOptions): Statement<Row> {
  const text = readFileSync(new URL(`./sql/${file}.sql`, import.meta.url), 'utf8')
  const nearby = near ? `${near} between $1 and $2` : '$1 is not null and $2 is not null'
  return {
    name: '',
    text: text
      .replaceAll(/:near between (\S+) and (\S+)/g, (_, from: string, to: string) =>
        nearby.replace('$1', () => from).replace('$2', () => to),
      )
      .replaceAll(':view', view)
      .replaceAll(':table', table)
      .replaceAll(':near', near ?? 'message_uuid'),
  }
}
