// What the providers file may say of each kind of vendor: the adapter's own options, without addresses and times.
import { Type } from 'typebox'

const Text = Type.String({ minLength: 1 })
const Origin = Type.String({ pattern: '^https?://[^/]+$' })
const some = Type.Optional
const Texts = Type.Record(Type.String(), Type.String())
const object = <Fields extends Parameters<typeof Type.Object>[0]>(fields: Fields) =>
  Type.Object(fields, { additionalProperties: false })
const UserSecret = object({ user: Text, password: Text })
const HeaderSecret = object({ header: Text, token: Text })
const Condition = object({ path: Text, equals: Type.Array(Type.String()) })
const Blame = Type.Enum(['message', 'account', 'pace'])
const Status = Type.Enum(['accepted', 'sent', 'undelivered', 'expired', 'rejected', 'delivered'])
const IdForm = Type.Enum(['exact', 'text', 'hex', 'decimal'])

const GenericReceipts = object({
  authentication: Type.Union([
    object({ kind: Type.Literal('token'), header: Text, token: Text }),
    object({
      kind: Type.Literal('hmac'),
      algorithm: Type.Enum(['sha1', 'sha256', 'sha512']),
      secret: Text,
      header: Text,
      encoding: Type.Enum(['hex', 'base64']),
      timestampHeader: some(Text),
    }),
  ]),
  idPath: Text,
  statusPath: Text,
  referencePath: some(Text),
  errorPath: some(Text),
  statuses: Type.Record(Type.String(), Status),
})

export const vendorOptions = {
  sandbox: object({ url: Origin, receiptSecret: some(Text) }),
  twilio: object({
    origin: some(Origin),
    accountSid: Text,
    authToken: Text,
    apiKey: some(object({ sid: Text, secret: Text })),
    messagingServiceSid: some(Text),
  }),
  vonage: object({
    origin: some(Origin),
    apiKey: Text,
    apiSecret: Text,
    signature: object({ method: Type.Enum(['md5hash', 'md5', 'sha1', 'sha256', 'sha512']), secret: Text }),
    reportsOrigin: some(Origin),
  }),
  infobip: object({ origin: Origin, apiKey: Text, receiptSecret: Type.Union([UserSecret, HeaderSecret]) }),
  telnyx: object({ origin: some(Origin), apiKey: Text, publicKey: Text, messagingProfileId: some(Text) }),
  plivo: object({
    origin: some(Origin),
    authId: Text,
    authToken: Text,
    powerpackUuid: some(Text),
    acceptsV2: some(Type.Boolean()),
  }),
  sinch: object({
    origin: some(Origin),
    servicePlanId: Text,
    apiToken: Text,
    region: some(Type.Enum(['us', 'eu'])),
    receiptSecret: UserSecret,
  }),
  bird: object({
    origin: some(Origin),
    apiKey: Text,
    category: Type.Enum(['authentication', 'transactional', 'marketing']),
    webhookSecret: Text,
  }),
  aws: object({
    origin: some(Origin),
    region: Type.String({ pattern: '^[a-z]{2}(-[a-z]+)+-\\d$' }),
    accessKeyId: Text,
    secretAccessKey: Text,
    sessionToken: some(Text),
    messageType: Type.Enum(['TRANSACTIONAL', 'PROMOTIONAL']),
    configurationSetName: some(Text),
    topicArn: Type.String({ pattern: '^arn:aws[a-z-]*:sns:[a-z0-9-]+:\\d{12}:[\\w.-]+$' }),
  }),
  azure: object({ origin: Origin, accessKey: Text, defaultSender: Text, receiptSecret: HeaderSecret }),
  generic: object({
    origin: Origin,
    request: object({
      method: Type.Enum(['GET', 'POST', 'PUT']),
      path: Text,
      query: some(Texts),
      headers: some(Texts),
      body: some(Type.Union([object({ json: Type.Unknown() }), object({ form: Texts })])),
    }),
    success: object({ statuses: Type.Array(Type.Integer()), idPath: Text, when: some(Condition) }),
    refusals: Type.Array(object({ status: Type.Integer(), when: some(Condition), blames: Blame })),
    protection: Type.Union([
      object({ kind: Type.Enum(['none', 'callbackCorrelates']) }),
      object({ kind: Type.Literal('dedupe'), key: Text, windowMs: Type.Integer({ minimum: 1 }) }),
    ]),
    receipts: some(GenericReceipts),
  }),
  smpp: object({
    url: Type.String({ pattern: '^s?smpp://[^/]+$' }),
    systemId: Text,
    password: Text,
    systemType: some(Text),
    binds: some(Type.Enum(['transceiver', 'separate'])),
    longTexts: some(Type.Enum(['udh', 'message_payload'])),
    idForms: some(object({ submit: IdForm, receipt: IdForm })),
    throttledMs: some(Type.Integer({ minimum: 1 })),
  }),
} as const
