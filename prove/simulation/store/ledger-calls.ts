import { HOUR_MS, repeat, type Draw, type StatementCall } from './draw.ts'

const provider = (draw: Draw): string => draw.oneOf(['one', 'two'])
const PAST = '2001-01-01T00:00:00Z'
const FUTURE = '2099-01-01T00:00:00Z'
const FAR = '2199-01-01T00:00:00Z'
const ALWAYS = ['-infinity', 'infinity']
const NOBODY = '00000000-0000-0000-0000-000000000000'
const columnsOf = (openings: readonly (readonly string[])[]) =>
  [0, 1].map((side) => openings.map((opening) => opening[side] ?? null))
const routes = ['{}', '{one}', '{one,two}']

export const ledgerCalls: readonly ((draw: Draw) => StatementCall)[] = [
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
        repeat(messages, () => draw.oneOf([null, null, PAST, FUTURE])),
        repeat(messages, () => draw.oneOf([null, null, null, PAST, FUTURE])),
        repeat(messages, () => draw.oneOf(['', '', 'day', 'night'])),
      ],
    }
  },
  (draw) => {
    const messages = draw.messages()
    const sendAt = repeat(messages, () => draw.oneOf([null, null, PAST, FUTURE]))
    const validUntil = repeat(messages, () => draw.oneOf([null, null, null, PAST, FAR]))
    return {
      name: 'authority/claim-legacy',
      parameters: [messages, draw.token(), 'legacy', sendAt, validUntil],
    }
  },
  (draw) => ({ name: 'authority/give-up', parameters: [draw.messages(), draw.token(), 'nobody'] }),
  (draw) => ({ name: 'authority/read', parameters: [draw.messages()] }),
  (draw) => {
    const lane = provider(draw)
    const lanes = [lane, '', lane, '', lane, '']
    const slots = lanes.map(() => draw.oneOf([ALWAYS, ALWAYS, ALWAYS, [FUTURE, 'infinity'], [PAST, PAST]]))
    const bound = draw.oneOf([[], ['day'], ['day', 'night']])
    const open = draw.oneOf([[], ['day'], ['night']])
    const windows = open.map(() => draw.oneOf([ALWAYS, [PAST, FUTURE], [FUTURE, FAR]]))
    const parameters = [100, draw.token(), lane, lanes, [0, 0, 1, 1, 2, 2], '', ...columnsOf(slots)]
    return { name: 'authority/dispatch', parameters: [...parameters, bound, open, ...columnsOf(windows)] }
  },
  (draw) => ({ name: 'authority/dispatched-under', parameters: [draw.token()] }),
  (draw) => ({ name: 'authority/dispatch-legacy', parameters: [draw.messages(), draw.token(), 'legacy'] }),
  (draw) => ({ name: 'authority/expire-go', parameters: [100, draw.token()] }),
  (draw) => ({ name: 'authority/expire-legacy', parameters: [draw.messages(), draw.token(), 'too old'] }),
  (draw) => ({ name: 'authority/hand-back', parameters: [draw.messages(), draw.token(), 'back'] }),
  (draw) => ({
    name: 'authority/handed-back',
    parameters: [draw.oneOf(['-infinity', PAST, FUTURE]), draw.oneOf([NOBODY, draw.message()]), 100],
  }),
  (draw) => ({
    name: 'authority/held-by-go',
    parameters: [draw.oneOf(['claimed', 'dispatched', 'in_doubt']), NOBODY, 100],
  }),
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
