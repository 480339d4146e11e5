// Vendors' codes: which prove that nothing was sent, whom they blame, and which prove nothing.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Exchange } from '../../src/http/exchange.ts'
import { awsAnswers } from '../../src/providers/aws/aws.ts'
import { azureAnswers } from '../../src/providers/azure/azure.ts'
import { birdAnswers } from '../../src/providers/bird/bird.ts'
import { infobipAnswers } from '../../src/providers/infobip/infobip.ts'
import { judgeAnswer, type AnswerRules } from '../../src/providers/judge-answer.ts'
import { plivoAnswers } from '../../src/providers/plivo/plivo.ts'
import { sinchAnswers } from '../../src/providers/sinch/sinch.ts'
import { telnyxAnswers } from '../../src/providers/telnyx/telnyx.ts'
import { twilioAnswers } from '../../src/providers/twilio/twilio.ts'
import { vonageAnswers } from '../../src/providers/vonage/vonage.ts'

type Expected = 'accepted' | 'message' | 'account' | 'pace' | 'unknown'
type Row = readonly [status: number, body: unknown, expected: Expected]

const twilioError = (status: number, code: number) => ({ code, status, message: 'm', more_info: 'u' })
const vonageParts = (...statuses: string[]) => ({
  messages: statuses.map((status, index) => ({ status, 'message-id': `id-${index}` })),
})
const infobipStatus = (groupName: string, name: string) => ({
  messages: [{ messageId: 'm', status: { groupName, name } }],
})
const telnyxErrors = (...codes: string[]) => ({ errors: codes.map((code) => ({ code })) })
const azureItem = (httpStatusCode: number, successful = false) => ({
  value: [{ to: 't', httpStatusCode, successful, ...(successful ? { messageId: 'm' } : {}) }],
})

const tables: readonly (readonly [string, AnswerRules, readonly Row[]])[] = [
  [
    'twilio',
    twilioAnswers,
    [
      [400, twilioError(400, 21610), 'message'],
      [400, twilioError(400, 21408), 'account'],
      [400, twilioError(400, 21611), 'pace'],
      [400, twilioError(400, 99999), 'message'],
      [401, twilioError(401, 20003), 'account'],
      [404, twilioError(404, 20404), 'account'],
      [400, twilioError(500, 21610), 'unknown'],
      [200, twilioError(200, 20003), 'unknown'],
      [409, twilioError(409, 20409), 'unknown'],
      [408, twilioError(408, 20408), 'unknown'],
      [503, twilioError(503, 20503), 'unknown'],
      [200, { sid: `SM${'1'.repeat(32)}`, status: 'queued' }, 'unknown'],
      [201, { sid: 'XX1', status: 'queued' }, 'unknown'],
      [201, { sid: null, code: 30001 }, 'unknown'],
    ],
  ],
  [
    'vonage',
    vonageAnswers,
    [
      [200, vonageParts('0'), 'accepted'],
      [200, vonageParts('0', '0', '0'), 'accepted'],
      [200, vonageParts('1'), 'pace'],
      [200, vonageParts('9'), 'account'],
      [200, vonageParts('33'), 'message'],
      [200, vonageParts('5'), 'unknown'],
      [200, vonageParts('77'), 'unknown'],
      [200, vonageParts('constructor'), 'unknown'],
      [200, vonageParts('6', '6'), 'message'],
      [200, vonageParts('1', '1'), 'pace'],
      [200, vonageParts('0', '1'), 'unknown'],
      [200, vonageParts('6', '5'), 'unknown'],
      [200, { messages: [] }, 'unknown'],
      [200, { messages: [{ status: '0' }] }, 'unknown'],
      [401, vonageParts('4'), 'unknown'],
    ],
  ],
  [
    'infobip',
    infobipAnswers,
    [
      [200, infobipStatus('PENDING', 'PENDING_ENROUTE'), 'accepted'],
      [200, infobipStatus('REJECTED', 'REJECTED_DUPLICATE_MESSAGE_ID'), 'accepted'],
      [200, infobipStatus('REJECTED', 'REJECTED_NOT_ENOUGH_CREDITS'), 'account'],
      [200, infobipStatus('REJECTED', 'REJECTED_SYSTEM_ERROR'), 'unknown'],
      [200, infobipStatus('REJECTED', 'REJECTED_OPERATOR'), 'unknown'],
      [200, infobipStatus('REJECTED', 'toString'), 'unknown'],
      [200, infobipStatus('NEW_GROUP', 'NEW_NAME'), 'unknown'],
      [400, { errorCode: 'E400' }, 'message'],
      [400, { requestError: { serviceException: { messageId: 'BAD_REQUEST' } } }, 'message'],
      [401, { requestError: { serviceException: { messageId: 'UNAUTHORIZED' } } }, 'account'],
      [400, { error: 'else' }, 'unknown'],
      [500, { errorCode: 'E500' }, 'unknown'],
    ],
  ],
  [
    'telnyx',
    telnyxAnswers,
    [
      [422, telnyxErrors('40310'), 'message'],
      [401, telnyxErrors('10009'), 'account'],
      [400, telnyxErrors('10007'), 'unknown'],
      [422, telnyxErrors('40310', '10008'), 'unknown'],
      [408, telnyxErrors('10008'), 'unknown'],
      [409, telnyxErrors('10012'), 'unknown'],
      [200, telnyxErrors('40310'), 'unknown'],
      [200, { data: { id: 'i', record_type: 'message', errors: [{ code: '1' }] } }, 'unknown'],
      [200, { data: { id: 'i', record_type: 'call' } }, 'unknown'],
    ],
  ],
  [
    'plivo',
    plivoAnswers,
    [
      [402, { api_id: 'a', error: 'credit' }, 'account'],
      [400, { error: 'no envelope' }, 'unknown'],
      [202, { message_uuid: [] }, 'unknown'],
      [202, { api_id: 'a', error: 'e' }, 'unknown'],
      [500, { api_id: 'a', error: 'e' }, 'unknown'],
    ],
  ],
  [
    'sinch',
    sinchAnswers,
    [
      [403, { code: 'x', text: 't' }, 'account'],
      [401, undefined, 'account'],
      [400, undefined, 'unknown'],
      [201, { code: 'x', text: 't' }, 'unknown'],
    ],
  ],
  [
    'bird',
    birdAnswers,
    [
      [402, { code: 'E02001' }, 'account'],
      [422, { error: { code: 'E04001' } }, 'message'],
      [409, { error: { code: 'E01004' } }, 'unknown'],
      [409, { error: { code: 'E01005' } }, 'unknown'],
      [503, { error: { code: 'E01033' } }, 'pace'],
      [503, { error: { code: 'E01000' } }, 'unknown'],
      [200, { id: 'x', status: 'accepted' }, 'unknown'],
    ],
  ],
  [
    'aws',
    awsAnswers,
    [
      [400, { __type: 'ConflictException' }, 'message'],
      [400, { __type: 'a.b#ServiceQuotaExceededException' }, 'account'],
      [400, { __type: 'InternalServerException' }, 'unknown'],
      [400, { __type: 'NewException' }, 'unknown'],
      [403, { __type: 'AccessDeniedException' }, 'account'],
      [200, { __type: 'ValidationException' }, 'unknown'],
      [500, { __type: 'InternalServerException' }, 'unknown'],
    ],
  ],
  [
    'azure',
    azureAnswers,
    [
      [202, azureItem(202, true), 'accepted'],
      [202, azureItem(404), 'message'],
      [202, azureItem(409), 'unknown'],
      [202, azureItem(412), 'unknown'],
      [202, azureItem(500), 'unknown'],
      [202, { value: [{ to: 't', httpStatusCode: 202, successful: true }] }, 'unknown'],
      [401, { error: { code: 'Denied' } }, 'account'],
      [412, { error: { code: 'PreconditionFailed' } }, 'unknown'],
    ],
  ],
]

for (const [name, rules, rows] of tables) {
  test(`${name}: ${rows.length} answers`, () => {
    for (const [status, body, expected] of rows) {
      const exchange: Exchange = {
        kind: 'answer',
        status,
        headers: { 'content-type': 'application/json; charset=utf-8' },
        text: body === undefined ? '' : JSON.stringify(body),
      }
      const result = judgeAnswer(rules, exchange, 0)
      const seen = result.kind === 'refused' ? result.blames : result.kind
      assert.equal(seen, expected, `HTTP ${status} ${JSON.stringify(body)}: ${JSON.stringify(result)}`)
    }
  })
}

test('a code that may be a number or a text of somebody is not repeated', () => {
  const rules: AnswerRules = {
    refusals: { 400: { '*': 'message' } },
    read: (_, value) => ({ refusedWith: [String(value)] }),
  }
  for (const code of ['+12025550147', '12025550147', 'two words', 'x'.repeat(65)]) {
    const text = JSON.stringify(code)
    const headers = { 'content-type': 'application/json' }
    const result = judgeAnswer(rules, { kind: 'answer', status: 400, headers, text }, 0)
    assert.equal(result.kind, 'refused')
    assert.ok(!JSON.stringify(result).includes(code), JSON.stringify(result))
  }
})
