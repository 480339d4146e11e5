import { AwsV4Signer } from 'aws4fetch'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { httpProvider, type HttpOptions } from '../http-provider.ts'
import type { AnswerRules } from '../judge-answer.ts'
import type { SmsProvider } from '../provider.ts'
import type { SnsCertificates } from './certificates.ts'
import { awsReceipts, certificateAddress } from './receipts.ts'

export interface AwsOptions extends HttpOptions {
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly messageType: 'TRANSACTIONAL' | 'PROMOTIONAL'
  /** Sends events to the topic; without it there are no receipts and nothing settles a lost answer. */
  readonly configurationSetName?: string
  /** Of the topic whose events are believed. */
  readonly topicArn: string
  readonly certificates: SnsCertificates
}

const Sent = Compile(Type.Object({ MessageId: Type.String({ minLength: 1 }) }))
const Failed = Compile(Type.Object({ __type: Type.String() }))

/** All refusals are 400; the service's own failures are 500 and prove nothing. */
export const awsAnswers: AnswerRules = {
  refusals: {
    400: {
      AccessDeniedException: 'account',
      ConflictException: 'message',
      ResourceNotFoundException: 'account',
      ServiceQuotaExceededException: 'account',
      ThrottlingException: 'pace',
      ValidationException: 'message',
      UnrecognizedClientException: 'account',
      InvalidSignatureException: 'account',
      ExpiredTokenException: 'account',
      IncompleteSignatureException: 'account',
      MissingAuthenticationTokenException: 'account',
      SerializationException: 'message',
      UnknownOperationException: 'account',
    },
    403: { '*': 'account' },
    429: { ThrottlingException: 'pace', 'any body': 'pace' },
  },
  read(status, json) {
    if (status === 200 && Sent.Check(json)) return { acceptedAs: json.MessageId }
    // `com.amazonaws.smsvoice#ThrottlingException`, or the name alone.
    return Failed.Check(json) ? { refusedWith: [json.__type.replace(/^.*#/, '')] } : null
  },
}

/** AWS End User Messaging SMS. No client token; `Context` comes back in events, where a configuration set sends them. */
export function aws(options: AwsOptions): SmsProvider {
  const { region, configurationSetName, messageType, topicArn, certificates } = options
  const origin = options.origin ?? `https://sms-voice.${region}.amazonaws.com`
  return httpProvider(
    {
      name: 'aws',
      origin,
      protection: { kind: configurationSetName === undefined ? 'none' : 'callbackCorrelates' },
      answers: awsAnswers,
      receipts: {
        kind: 'webhook',
        read: awsReceipts({ arn: topicArn, keyAt: certificates.keyAt }),
        async prepare(request) {
          const address = certificateAddress(request, topicArn)
          return address === undefined || certificates.obtain(address)
        },
      },
      async compose({ messageUuid, recipient, sender, body }) {
        const message = JSON.stringify({
          DestinationPhoneNumber: recipient,
          ...(sender === null ? {} : { OriginationIdentity: sender }),
          MessageBody: body,
          MessageType: messageType,
          ...(configurationSetName === undefined ? {} : { ConfigurationSetName: configurationSetName }),
          Context: { message_uuid: messageUuid },
        })
        return {
          method: 'POST',
          path: '/',
          body: message,
          headers: await sign(`${origin}/`, message, options),
        }
      },
    },
    options,
  )
}

async function sign(url: string, body: string, options: AwsOptions): Promise<Record<string, string>> {
  const { region, accessKeyId, secretAccessKey, sessionToken } = options
  const signer = new AwsV4Signer({
    url,
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'PinpointSMSVoiceV2.SendTextMessage',
    },
    // Signed as well: a request whose operation was changed on the way is refused.
    allHeaders: true,
    service: 'sms-voice',
    region,
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  })
  const { headers } = await signer.sign()
  return Object.fromEntries([...headers].filter(([name]) => name !== 'host'))
}
