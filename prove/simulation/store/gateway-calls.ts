import { HOUR_MS, modes, repeat, type Draw, type StatementCall } from './draw.ts'

const PAST = '2001-01-01T00:00:00Z'
const FUTURE = '2099-01-01T00:00:00Z'
const NOBODY = '00000000-0000-0000-0000-000000000000'
/** Beyond the number of any change. */
const NEVER_CHANGED = 1_000_000_000

export const serviceCalls: readonly ((draw: Draw) => StatementCall)[] = [
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

export const gatewayCalls: readonly ((draw: Draw) => StatementCall)[] = [
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
        repeat(ids, () => draw.oneOf([null, 'code', 'bulk'])),
        ...timesOf(draw, ids),
        repeat(ids, () => draw.oneOf([null, 3])),
        draw.oneOf([0, 1, NEVER_CHANGED, NEVER_CHANGED]),
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
        repeat(messages, () => draw.oneOf([null, '{"to":null}'])),
        repeat(messages, () => draw.oneOf([null, '{"route":"own"}'])),
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
  (draw) => ({ name: 'gateway/note-handed-back', parameters: [draw.messages()] }),
  (draw) => ({ name: 'gateway/note-unspent', parameters: [draw.messages(), draw.token()] }),
  (draw) => ({
    name: 'gateway/due-messages',
    parameters: [100, draw.oneOf(['-infinity', '-infinity', PAST]), draw.oneOf([NOBODY, draw.message()])],
  }),
  (draw) => {
    const messages = draw.messages()
    const reasons = repeat(messages, () => draw.oneOf(['dropped', 'timed_out']))
    return { name: 'gateway/note-left-out', parameters: [messages, reasons, repeat(messages, () => 1)] }
  },
  (draw) => {
    const messages = draw.messages()
    const leftOut = repeat(messages, () => draw.oneOf([null, null, 'no_answer']))
    const answer = (which: number) => leftOut.map((one) => (one === null || which === 0 ? '{}' : null))
    const second = draw.below(4)
    return {
      name: 'gateway/log-rehearsals',
      parameters: [messages, leftOut, answer(1), answer(second), repeat(messages, () => 1)],
    }
  },
  () => ({ name: 'gateway/clock', parameters: [] }),
  () => ({ name: 'gateway/lock-mode-changes', parameters: [] }),
  (draw) => ({ name: 'gateway/mode-in-force', parameters: [['*', draw.tenant]] }),
  (draw) => ({
    name: 'gateway/change-mode',
    parameters: [
      draw.oneOf(['*', draw.tenant]),
      draw.oneOf(modes),
      100,
      'why',
      'test',
      draw.oneOf([null, null, 1]),
    ],
  }),
]

function timesOf(draw: Draw, ids: readonly string[]) {
  const times = repeat(ids, () =>
    draw.oneOf([
      [null, null],
      [null, null],
      [FUTURE, null],
      [PAST, FUTURE],
      [null, PAST],
      ...(draw.below(4) === 0 ? [[FUTURE, PAST]] : []),
    ]),
  )
  return [0, 1].map((side) => times.map((time) => time[side] ?? null))
}

function recordAnswer(draw: Draw): StatementCall {
  const decided = draw.below(3) === 0 ? [] : draw.messages()
  // One that is both: which half wins the server leaves open.
  const pending = draw.below(3) === 0 ? draw.messages().filter((uuid) => !decided.includes(uuid)) : []
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
      repeat(pending, () => draw.oneOf([null, PAST, PAST, FUTURE])),
    ],
  }
}
