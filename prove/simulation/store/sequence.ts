// Random sequences of statements, the same for the server and for its twin in memory.
import { drawsOf, HOUR_MS, type Draw, type StatementCall } from './draw.ts'
import { gatewayCalls, serviceCalls } from './gateway-calls.ts'
import { ledgerCalls } from './ledger-calls.ts'

const calls = [...ledgerCalls, ...ledgerCalls, ...serviceCalls, ...gatewayCalls]

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
  const accepted = [all, ...texts, each(''), each(1), each(null), each(null), each('')]
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
    [null],
    [null],
    [null],
    [null],
    1_000_000_000,
  ]
  const steps: StatementCall[] = [
    { name: 'gateway/enter', parameters: [...entered, ...maps] },
    { name: 'authority/accept', parameters: accepted },
    {
      name: 'authority/dispatch',
      parameters: [
        100,
        draw.usualToken,
        'one',
        ['one'],
        [1],
        '',
        ['-infinity'],
        ['infinity'],
        [],
        [],
        [],
        [],
      ],
    },
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
