// What random statements are made of: few ids, so that they meet.
import { createHash } from 'node:crypto'
import type { Parameter } from '../../../src/db/database.ts'

export interface StatementCall {
  readonly name: string
  readonly parameters: readonly Parameter[]
}

export const HOUR_MS = 3_600_000
export const modes = ['OFF', 'SHADOW', 'ON']
const uuid = (kind: string, sequence: number, n: number): string =>
  `${kind.padEnd(8, '0')}-${sequence.toString(16).padStart(4, '0')}-4000-8000-${n.toString(16).padStart(12, '0')}`

export function drawsOf(sequence: number, below: (limit: number) => number) {
  const oneOf = <Value>(values: readonly Value[]): Value => values[below(values.length)] as Value
  const some = <Value>(values: readonly Value[]): Value[] => {
    const picked = values.filter(() => below(2) === 0)
    return picked.length > 0 ? picked : [oneOf(values)]
  }
  const messages = [1, 2, 3].map((n) => uuid('a', sequence, n))
  const requests = [1, 2].map((n) => uuid('b', sequence, n))
  const tokens = [1, 2, 3, 4].map((n) => uuid('c', sequence, n))
  return {
    below,
    oneOf,
    some,
    messages: () => some(messages),
    message: () => oneOf(messages),
    requests: () => some(requests),
    allMessages: messages,
    allRequests: requests,
    firstToken: tokens[0] ?? '',
    usualToken: tokens[1] ?? '',
    token: () => (below(5) < 3 ? (tokens[1] ?? '') : oneOf(tokens)),
    tenant: 'demo',
    key: (n: number) => `key-${sequence}-${n}`,
    content: createHash('sha256').update('content').digest(),
  }
}

export type Draw = ReturnType<typeof drawsOf>

export const repeat = <Value>(values: readonly unknown[], value: () => Value): Value[] =>
  values.map(() => value())
