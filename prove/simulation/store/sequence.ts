// Random sequences of statements, the same for the server and for its twin in memory.
import { createHash } from 'node:crypto'
import type { Parameter } from '../../../src/db/database.ts'

export interface StatementCall {
  readonly name: string
  readonly parameters: readonly Parameter[]
}

const HOUR_MS = 3_600_000
const modes = ['OFF', 'SHADOW', 'ON']
const uuid = (kind: string, sequence: number, n: number): string =>
  `${kind.padEnd(8, '0')}-${sequence.toString(16).padStart(4, '0')}-4000-8000-${n.toString(16).padStart(12, '0')}`

/** Few ids, so that the statements meet. `below(limit)` draws a whole number. */
export function sequenceOf(sequence: number, below: (limit: number) => number): StatementCall[] {
  const length = 6 + below(12)
  const draw = drawsOf(sequence, below)
  const random = Array.from({ length }, () => {
    const make = calls[below(calls.length)]
    if (!make) throw new Error('sequence: no call')
    return make(draw)
  })
  return [...beginningOf(draw), ...random]
}

/** Most sequences begin far enough into a message's life for the rest to find something. */
function beginningOf(draw: Draw): StatementCall[] {
  const all = draw.allMessages
  const first = all[0] ?? ''
  const decidedBy = draw.oneOf(['operator', 'refusal'])
  const each = <Value>(value: Value): Value[] => all.map(() => value)
  const texts = [
    each('+12015550100'),
    each(null),
    each('text'),
    draw.firstToken,
    each('one'),
    each('{one,two}'),
  ]
  const accepted = [all, ...texts, each(''), each(1), each(null), each(null)]
  const entered = [
    [draw.allRequests[0] ?? ''],
    ['demo'],
    [null],
    [draw.content],
    ['ON'],
    [100],
    [1],
    ['text'],
    [null],
  ]
  const maps = [
    [null],
    [`{${all.join(',')}}`],
    [`{${each('+12015550100').join(',')}}`],
    [`{${each(1).join(',')}}`],
    1,
  ]
  const steps: StatementCall[] = [
    { name: 'gateway/enter', parameters: [...entered, ...maps] },
    { name: 'authority/accept', parameters: accepted },
    { name: 'authority/dispatch', parameters: [100, draw.usualToken, 'one', ['one'], [1], ''] },
    { name: 'authority/flag-go', parameters: [-HOUR_MS, 100] },
    {
      name: 'authority/begin-checks',
      parameters: [100, ['one'], ['replay'], [3 * HOUR_MS], [draw.oneOf([-HOUR_MS, HOUR_MS])], [4], -HOUR_MS],
    },
    { name: 'authority/prove', parameters: [first, draw.usualToken, 'refused', decidedBy, 'detail', 'test'] },
    { name: 'authority/settle-proven', parameters: [first, draw.usualToken, 'refused', null, null, 0, null] },
  ]
  return steps.slice(0, draw.below(steps.length + 1))
}

type Draw = ReturnType<typeof drawsOf>

function drawsOf(sequence: number, below: (limit: number) => number) {
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

const provider = (draw: Draw): string => draw.oneOf(['one', 'two'])
const repeat = <Value>(values: readonly unknown[], value: () => Value): Value[] => values.map(() => value())
const routes = ['{}', '{one}', '{one,two}']

const ledgerCalls: readonly ((draw: Draw) => StatementCall)[] = [
  (draw) => {
    const messages = draw.messages()
    return {
      name: 'authority/accept',
      parameters: [
        messages,
        repeat(messages, () => '+12015550100'),
        repeat(messages, () => draw.oneOf(['Baton', null])),
        repeat(messages, () => 'text'),
        draw.token(),
        repeat(messages, () => draw.oneOf(['', 'one', 'two'])),
        repeat(messages, () => draw.oneOf(routes)),
        repeat(messages, () => ''),
        repeat(messages, () => draw.below(3)),
        repeat(messages, () => draw.oneOf([null, null, '2001-01-01T00:00:00Z', '2099-01-01T00:00:00Z'])),
        repeat(messages, () =>
          draw.oneOf([null, null, null, '2001-01-01T00:00:00Z', '2099-01-01T00:00:00Z']),
        ),
      ],
    }
  },
  (draw) => ({ name: 'authority/claim-legacy', parameters: [draw.messages(), draw.token(), 'legacy'] }),
  (draw) => ({ name: 'authority/give-up', parameters: [draw.messages(), draw.token(), 'nobody'] }),
  (draw) => ({ name: 'authority/read', parameters: [draw.messages()] }),
  (draw) => {
    const lane = provider(draw)
    const lanes = [lane, '', lane, '', lane, '']
    return {
      name: 'authority/dispatch',
      parameters: [100, draw.token(), lane, lanes, [0, 0, 1, 1, 2, 2], ''],
    }
  },
  (draw) => ({ name: 'authority/dispatched-under', parameters: [draw.token()] }),
  (draw) => ({ name: 'authority/dispatch-legacy', parameters: [draw.messages(), draw.token(), 'legacy'] }),
  (draw) => ({ name: 'authority/expire-go', parameters: [100, draw.token()] }),
  (draw) => ({ name: 'authority/expire-legacy', parameters: [draw.messages(), draw.token(), 'too old'] }),
  (draw) => ({ name: 'authority/hand-back', parameters: [100, draw.token(), 'back'] }),
  (draw) => ({ name: 'authority/flag-go', parameters: [draw.oneOf([-HOUR_MS, HOUR_MS]), 100] }),
  (draw) => ({ name: 'authority/flag-legacy', parameters: [draw.oneOf([-HOUR_MS, HOUR_MS]), 100] }),
  (draw) => settle(draw, 'authority/settle-go'),
  (draw) => settle(draw, 'authority/settle-legacy'),
  (draw) => {
    const kind = draw.oneOf(['answer', 'refusal', 'not_sent', 'operator'])
    const to = draw.oneOf(['sent', 'refused', 'claimed'])
    return { name: 'authority/prove', parameters: [draw.message(), draw.token(), to, kind, 'detail', 'test'] }
  },
  (draw) => {
    const to = draw.oneOf(['sent', 'refused', 'claimed'])
    const where = draw.oneOf([null, 'one', ''])
    const parameters = [
      draw.message(),
      draw.token(),
      to,
      draw.oneOf([null, 'id']),
      null,
      draw.oneOf([0, HOUR_MS]),
      where,
    ]
    return { name: 'authority/settle-proven', parameters }
  },
  (draw) => {
    const to = draw.oneOf(['sent', 'refused', 'claimed'])
    return { name: 'authority/log-proven', parameters: [draw.message(), to, draw.oneOf([null, 'id']), null] }
  },
  (draw) => ({
    name: 'authority/begin-checks',
    parameters: [
      100,
      ['one', 'two'],
      ['replay', 'look_up'],
      [3 * HOUR_MS, 3 * HOUR_MS],
      [draw.oneOf([-HOUR_MS, HOUR_MS]), 0],
      [4, 2],
      -HOUR_MS,
    ],
  }),
  (draw) => ({
    name: 'authority/end-check',
    parameters: [draw.message(), draw.token(), 1 + draw.below(2), 'done'],
  }),
  () => ({ name: 'authority/lanes', parameters: [] }),
  (draw) => {
    const [open, paused] = draw.oneOf([
      [['one'], ['two']],
      [['two'], []],
      [[], ['one']],
    ] as const)
    return { name: 'authority/move-lane', parameters: [100, open, paused, draw.some(['one', 'two'])] }
  },
]

function settle(draw: Draw, name: string): StatementCall {
  const messages = draw.messages()
  const states = repeat(messages, () => draw.oneOf(['sent', 'refused', 'in_doubt']))
  const ids = states.map((state) => (state === 'sent' ? 'id' : null))
  const reasons = states.map((state) => (state === 'sent' ? null : 'reason'))
  return { name, parameters: [messages, repeat(messages, draw.token), states, ids, reasons] }
}

const serviceCalls: readonly ((draw: Draw) => StatementCall)[] = [
  (draw) => {
    const messages = draw.messages()
    const numbers = repeat(messages, () => '+12015550100')
    return { name: 'service/log-dry-run', parameters: [messages, numbers, repeat(messages, () => null)] }
  },
  (draw) => {
    const messages = draw.messages()
    const reasons = repeat(messages, () => 'bad')
    const isDry = draw.below(2) === 0
    return {
      name: 'service/log-rejected',
      parameters: [messages, repeat(messages, () => '+1'), reasons, isDry],
    }
  },
  (draw) => ({ name: 'service/due-reports', parameters: [100, draw.oneOf([-HOUR_MS, HOUR_MS])] }),
  (draw) => {
    const messages = draw.messages()
    const again = repeat(messages, () => draw.oneOf([null, -HOUR_MS, HOUR_MS]))
    return {
      name: 'service/end-reports',
      parameters: [messages, repeat(messages, () => draw.below(3)), again],
    }
  },
]

const gatewayCalls: readonly ((draw: Draw) => StatementCall)[] = [
  (draw) => {
    const ids = draw.requests()
    const uuids = `{${draw.messages().join(',')}}`
    const width = uuids.split(',').length
    const numbers = `{${Array.from({ length: width }, (_, n) => `+1201555010${n}`).join(',')}}`
    const mentions = `{${Array.from({ length: width }, () => 1).join(',')}}`
    return {
      name: 'gateway/enter',
      parameters: [
        ids,
        repeat(ids, () => draw.tenant),
        repeat(ids, () => draw.oneOf([null, draw.key(1), draw.key(2)])),
        repeat(ids, () => draw.content),
        repeat(ids, () => draw.oneOf(modes)),
        repeat(ids, () => 100),
        repeat(ids, () => 1),
        repeat(ids, () => 'text'),
        repeat(ids, () => null),
        repeat(ids, () => null),
        repeat(ids, () => uuids),
        repeat(ids, () => numbers),
        repeat(ids, () => mentions),
        1 + draw.below(2),
      ],
    }
  },
  (draw) => {
    const [id = ''] = draw.requests()
    return { name: 'gateway/read-request', parameters: [id, draw.tenant, draw.oneOf([null, draw.key(1)])] }
  },
  (draw) => ({ name: 'gateway/read-settings', parameters: [draw.requests()] }),
  (draw) => ({ name: 'gateway/take-over', parameters: [draw.requests()[0] ?? '', 1, 2] }),
  (draw) => ({ name: 'gateway/left-requests', parameters: [-HOUR_MS, draw.oneOf([-HOUR_MS, HOUR_MS]), 100] }),
  (draw) => ({ name: 'gateway/quota-room', parameters: [[draw.tenant]] }),
  (draw) => ({ name: 'gateway/reserve-quota', parameters: [[draw.tenant], [draw.below(6)]] }),
  recordAnswer,
  (draw) => ({ name: 'gateway/unresolved-messages', parameters: [draw.oneOf([-HOUR_MS, HOUR_MS]), 100] }),
  (draw) => {
    const messages = draw.messages()
    const [id = ''] = draw.requests()
    return {
      name: 'gateway/log-shadow',
      parameters: [
        messages,
        repeat(messages, () => draw.oneOf(['accepted', 'rejected'])),
        repeat(messages, () => id),
        repeat(messages, () => draw.tenant),
        repeat(messages, () => '+12015550100'),
        repeat(messages, () => 1),
        repeat(messages, () => null),
      ],
    }
  },
  (draw) => {
    const status = draw.oneOf(['sent', 'failed'])
    return {
      name: 'gateway/log-resolved',
      parameters: [draw.message(), status, draw.oneOf([null, 'id']), 'decided'],
    }
  },
  (draw) => {
    const messages = draw.messages().toSorted()
    return {
      name: 'gateway/record-reports',
      parameters: [
        messages,
        repeat(messages, () => 1 + draw.below(3)),
        repeat(messages, () => draw.oneOf(['sent', 'in_doubt', 'void'])),
        repeat(messages, () => draw.oneOf([null, 'id'])),
        repeat(messages, () => null),
        repeat(messages, () => 1_700_000_000_000),
      ],
    }
  },
  (draw) => ({ name: 'gateway/mode-in-force', parameters: [['*', draw.tenant]] }),
  (draw) => ({
    name: 'gateway/change-mode',
    parameters: [draw.oneOf(['*', draw.tenant]), draw.oneOf(modes), 100, 'why', 'test'],
  }),
]

function recordAnswer(draw: Draw): StatementCall {
  const decided = draw.below(3) === 0 ? [] : draw.messages()
  const pending = draw.below(3) === 0 ? draw.messages() : []
  const settled = draw.below(2) === 0 ? [] : decided
  const ended = draw.below(2) === 0 ? [] : draw.requests()
  const [id = ''] = draw.requests()
  const sources = repeat(decided, () => draw.oneOf(['legacy', 'go']))
  const words = {
    go: ['accepted', 'duplicate', 'rejected', 'sent'],
    legacy: ['sent', 'failed', 'in_doubt', 'accepted'],
  }
  return {
    name: 'gateway/record-answer',
    parameters: [
      decided,
      sources,
      sources.map((source) =>
        draw.oneOf(words[source as 'go' | 'legacy'].slice(0, draw.below(8) === 0 ? 4 : 3)),
      ),
      repeat(decided, () => draw.oneOf([null, 'id'])),
      repeat(decided, () => id),
      repeat(decided, () => draw.tenant),
      repeat(decided, () => '+12015550100'),
      repeat(decided, () => draw.oneOf(modes)),
      repeat(decided, () => 1),
      sources.map((source) => (source === 'legacy' ? draw.oneOf([null, 'timeout']) : null)),
      repeat(decided, () => null),
      settled,
      repeat(settled, () => draw.tenant),
      repeat(settled, () => draw.below(2) === 0),
      pending,
      repeat(pending, () => id),
      repeat(pending, () => draw.oneOf([null, 'timeout'])),
      repeat(pending, () => 'reason'),
      repeat(pending, () => draw.oneOf([null, draw.token()])),
      ended,
      repeat(ended, () => draw.oneOf([null, '{"a":1}'])),
    ],
  }
}

const calls = [...ledgerCalls, ...ledgerCalls, ...serviceCalls, ...gatewayCalls]
