// Each HTTP vendor with what its API answers, as its documentation has it.
import { generateKeyPairSync } from 'node:crypto'
import { aws } from '../../src/providers/aws/aws.ts'
import { azure } from '../../src/providers/azure/azure.ts'
import { bird } from '../../src/providers/bird/bird.ts'
import { generic, type GenericOptions } from '../../src/providers/generic/generic.ts'
import { infobip } from '../../src/providers/infobip/infobip.ts'
import { plivo } from '../../src/providers/plivo/plivo.ts'
import type { SmsProvider } from '../../src/providers/provider.ts'
import { sandboxProvider } from '../../src/providers/sandbox.ts'
import { sinch } from '../../src/providers/sinch/sinch.ts'
import { telnyx } from '../../src/providers/telnyx/telnyx.ts'
import { twilio } from '../../src/providers/twilio/twilio.ts'
import { vonage } from '../../src/providers/vonage/vonage.ts'
import { BODY, RECIPIENT, TIMEOUT_MS } from './contract.ts'
import type { Answer } from './scripted-http-peer.ts'

export interface HttpSubject {
  readonly name: string
  /** `timeoutMs`: short unless the peer is slow. */
  readonly open: (origin: string, timeoutMs?: number) => SmsProvider
  readonly accepted: Answer & { readonly id: string }
  readonly refused: Answer
  readonly throttled: Answer
  /** A failure in the vendor's own envelope. */
  readonly failed: Answer
}

const withTimeout = (timeoutMs = TIMEOUT_MS) => ({ timeoutMs, connectionsMax: 4 })
const prose = `cannot send "${BODY}" to ${RECIPIENT}`
const json = (status: number, value: unknown, headers: Record<string, string> = {}): Answer => ({
  status,
  headers,
  body: JSON.stringify(value),
})
const { publicKey } = generateKeyPairSync('ed25519')
export const telnyxKey = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString(
  'base64',
)
export const receiptUrl = 'https://sms.example.com/receipts/vendor'
export const accountSid = `AC${'a'.repeat(32)}`

export const genericOptions: Omit<GenericOptions, 'origin'> = {
  ...withTimeout(),
  name: 'generic',
  request: {
    method: 'POST',
    path: '/send/{{message_uuid}}',
    query: { unicode: 'auto' },
    headers: { authorization: 'Bearer generic-key', 'idempotency-key': '{{message_uuid}}' },
    body: { json: { to: '{{recipient_digits}}', text: '{{body}}', from: '{{sender}}', parts: 1 } },
  },
  success: {
    statuses: [200, 201],
    idPath: '$.result.messages[0].id',
    when: { path: '$.status', equals: ['ok'] },
  },
  refusals: [
    { status: 200, when: { path: '$.code', equals: ['E_NUMBER', '17'] }, blames: 'message' },
    { status: 401, when: { path: '$.status', equals: ['error'] }, blames: 'account' },
    { status: 429, blames: 'pace' },
  ],
  protection: { kind: 'dedupe', key: 'idempotency-key', windowMs: 60_000 },
}

export const httpSubjects: readonly HttpSubject[] = [
  {
    name: 'sandbox',
    open: (origin, timeoutMs) =>
      sandboxProvider({ ...withTimeout(timeoutMs), url: origin, account: 'service' }),
    accepted: { ...json(201, { id: 'sb-1' }), id: 'sb-1' },
    refused: json(422, { error: { code: 'refused', message: prose } }),
    throttled: json(429, { error: { code: 'slow_down', message: prose } }),
    failed: json(500, { error: { code: 'internal', message: prose } }),
  },
  {
    name: 'twilio',
    open: (origin, timeoutMs) =>
      twilio({ ...withTimeout(timeoutMs), origin, accountSid, authToken: 'twilio-token', receiptUrl }),
    accepted: { ...json(201, { sid: `SM${'1'.repeat(32)}`, status: 'queued' }), id: `SM${'1'.repeat(32)}` },
    refused: json(400, { code: 21211, message: prose, status: 400 }),
    throttled: json(429, { code: 20429, message: prose, status: 429 }),
    failed: json(500, { code: 20500, message: prose, status: 500 }),
  },
  {
    name: 'vonage',
    open: (origin, timeoutMs) =>
      vonage({
        ...withTimeout(timeoutMs),
        origin,
        apiKey: 'abcd1234',
        apiSecret: 'vonage-secret',
        reportsOrigin: origin,
        signature: { method: 'sha256', secret: 'sign' },
      }),
    accepted: {
      ...json(200, { 'message-count': '1', messages: [{ status: '0', 'message-id': '0A0001' }] }),
      id: '0A0001',
    },
    refused: json(200, { 'message-count': '1', messages: [{ status: '6', 'error-text': prose }] }),
    throttled: json(200, { 'message-count': '1', messages: [{ status: '1', 'error-text': prose }] }),
    failed: json(200, { 'message-count': '1', messages: [{ status: '5', 'error-text': prose }] }),
  },
  {
    name: 'infobip',
    open: (origin, timeoutMs) =>
      infobip({
        ...withTimeout(timeoutMs),
        origin,
        apiKey: 'infobip-key',
        receiptUrl,
        receiptSecret: { user: 'u', password: 'p' },
      }),
    accepted: {
      ...json(200, {
        messages: [{ messageId: 'ib-1', status: { groupName: 'PENDING', name: 'PENDING_ACCEPTED' } }],
      }),
      id: 'ib-1',
    },
    refused: json(200, {
      messages: [
        {
          messageId: 'ib-1',
          destination: RECIPIENT,
          status: { groupName: 'REJECTED', name: 'REJECTED_DESTINATION', description: prose },
        },
      ],
    }),
    throttled: json(429, { errorCode: 'E429', description: prose }),
    failed: json(500, { errorCode: 'E500', description: prose }),
  },
  {
    name: 'telnyx',
    open: (origin, timeoutMs) =>
      telnyx({ ...withTimeout(timeoutMs), origin, apiKey: 'telnyx-key', publicKey: telnyxKey, receiptUrl }),
    accepted: { ...json(200, { data: { record_type: 'message', id: 'tx-1', errors: [] } }), id: 'tx-1' },
    refused: json(422, { errors: [{ code: '40310', title: 'Invalid to', detail: prose }] }),
    throttled: json(429, { errors: [{ code: '10011', detail: prose }] }),
    failed: json(500, { errors: [{ code: '10007', detail: prose }] }),
  },
  {
    name: 'plivo',
    open: (origin, timeoutMs) =>
      plivo({ ...withTimeout(timeoutMs), origin, authId: 'plivo-id', authToken: 'plivo-token', receiptUrl }),
    accepted: { ...json(202, { api_id: 'a', message_uuid: ['pl-1'] }), id: 'pl-1' },
    refused: json(400, { api_id: 'a', error: prose }),
    throttled: json(429, { api_id: 'a', error: prose }),
    failed: json(500, { api_id: 'a', error: prose }),
  },
  {
    name: 'sinch',
    open: (origin, timeoutMs) =>
      sinch({
        ...withTimeout(timeoutMs),
        origin,
        servicePlanId: 'plan',
        apiToken: 'sinch-token',
        receiptSecret: { user: 'u', password: 'p' },
      }),
    accepted: { ...json(201, { id: 'si-1', to: [RECIPIENT] }), id: 'si-1' },
    refused: json(400, { code: 'syntax_invalid_parameter_format', text: prose }),
    throttled: json(429, { code: 'too_many_requests', text: prose }),
    failed: json(500, { code: 'internal_error', text: prose }),
  },
  {
    name: 'bird',
    open: (origin, timeoutMs) =>
      bird({
        ...withTimeout(timeoutMs),
        origin,
        apiKey: 'bk_eu_key',
        category: 'transactional',
        webhookSecret: `whsec_${Buffer.alloc(24, 7).toString('base64')}`,
      }),
    accepted: { ...json(202, { id: 'sms_1', status: 'accepted' }), id: 'sms_1' },
    refused: json(422, { error: { code: 'E04001', name: 'SMSInvalidRecipient', message: prose } }),
    throttled: json(429, { error: { code: 'E01008', message: prose } }),
    failed: json(500, { error: { code: 'E01000', message: prose } }),
  },
  {
    name: 'aws',
    open: (origin, timeoutMs) =>
      aws({
        ...withTimeout(timeoutMs),
        origin,
        region: 'eu-west-1',
        accessKeyId: 'AKIDEXAMPLE',
        secretAccessKey: 'aws-secret',
        messageType: 'TRANSACTIONAL',
        configurationSetName: 'events',
        topicArn: 'arn:aws:sns:eu-west-1:111122223333:sms',
        certificates: { keyAt: () => undefined, obtain: () => Promise.resolve(true) },
      }),
    accepted: {
      ...json(200, { MessageId: 'aws-1' }, { 'content-type': 'application/x-amz-json-1.0' }),
      id: 'aws-1',
    },
    refused: json(400, { __type: 'com.amazonaws.smsvoice#ValidationException', Message: prose }),
    throttled: json(400, { __type: 'ThrottlingException', Message: prose }),
    failed: json(500, { __type: 'InternalServerException', Message: prose }),
  },
  {
    name: 'azure',
    open: (origin, timeoutMs) =>
      azure({
        ...withTimeout(timeoutMs),
        origin,
        accessKey: Buffer.from('azure-key').toString('base64'),
        defaultSender: '+12025550198',
        receiptSecret: { header: 'x-baton', token: 't' },
      }),
    accepted: {
      ...json(202, { value: [{ to: RECIPIENT, messageId: 'az-1', httpStatusCode: 202, successful: true }] }),
      id: 'az-1',
    },
    refused: json(202, {
      value: [{ to: RECIPIENT, httpStatusCode: 400, successful: false, errorMessage: prose }],
    }),
    throttled: json(202, { value: [{ to: RECIPIENT, httpStatusCode: 429, successful: false }] }),
    failed: json(500, { error: { code: 'InternalError', message: prose } }),
  },
  {
    name: 'generic',
    open: (origin, timeoutMs) => generic({ ...genericOptions, ...withTimeout(timeoutMs), origin }),
    accepted: { ...json(200, { status: 'ok', result: { messages: [{ id: 'ge-1' }] } }), id: 'ge-1' },
    refused: json(200, { status: 'error', code: 'E_NUMBER', text: prose }),
    throttled: json(429, { status: 'error', text: prose }),
    failed: json(500, { status: 'error', text: prose }),
  },
]
