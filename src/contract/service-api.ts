import { Type, type Static } from 'typebox'
import { Treatment } from './treatment.ts'
import { Body, E164, Instant, Priority, SegmentsMax, Sender, Uuid } from './text.ts'

/** Most messages in one call to the service. */
export const SERVICE_MESSAGES_MAX = 1000

/**
 * One message of a call. Fields other than `message_uuid` are checked message by message by the service and
 * answered `rejected`, so that one bad message never spoils another.
 */
export const ServiceMessage = Type.Object(
  {
    message_uuid: Uuid,
    to: Type.String(),
    body: Type.String(),
    from: Type.Optional(Type.String()),
    tenant: Type.Optional(Type.String()),
    priority: Type.Optional(Type.String()),
    send_at: Type.Optional(Type.String()),
    valid_until: Type.Optional(Type.String()),
    segments_max: Type.Optional(Type.Integer()),
  },
  { additionalProperties: false },
)
export type ServiceMessage = Static<typeof ServiceMessage>

/** What a message must be to be accepted. */
export const AcceptableMessage = Type.Object({
  message_uuid: Uuid,
  to: E164,
  body: Body,
  from: Type.Optional(Sender),
  /** As the gateway names it; of any form that its keys allow. */
  tenant: Type.Optional(Type.String({ maxLength: 255 })),
  priority: Type.Optional(Priority),
  /** Not sent before. */
  send_at: Type.Optional(Instant),
  /** Void past it, never sent late. */
  valid_until: Type.Optional(Instant),
  /** A text of more parts is rejected. */
  segments_max: Type.Optional(SegmentsMax),
})

export const ServiceRequest = Type.Object(
  {
    dry_run: Type.Boolean(),
    messages: Type.Array(ServiceMessage, { minItems: 1, maxItems: SERVICE_MESSAGES_MAX }),
  },
  { additionalProperties: false },
)
export type ServiceRequest = Static<typeof ServiceRequest>

export const ServiceResult = Type.Object({
  message_uuid: Uuid,
  status: Type.Union([
    Type.Literal('accepted'),
    Type.Literal('duplicate'),
    Type.Literal('rejected'),
    Type.Literal('superseded'),
  ]),
  reason: Type.Optional(Type.String()),
  /** Answers of a dry run: what would be done with it. */
  would: Type.Optional(Treatment),
})
export type ServiceResult = Static<typeof ServiceResult>

/**
 * `results` holds a verdict for each message the service knows the outcome of. `unresolved` names those whose
 * commit it could not confirm; for the caller they are ambiguous.
 */
export const ServiceResponse = Type.Object({
  results: Type.Array(ServiceResult),
  unresolved: Type.Optional(Type.Array(Uuid)),
})
export type ServiceResponse = Static<typeof ServiceResponse>

/**
 * The envelope of every error that the service makes itself. A gateway takes an error without it for somebody
 * else's (a proxy, a load balancer), which proves nothing.
 */
export const ServiceError = Type.Object({
  service: Type.Literal('baton-messaging'),
  error: Type.Object({ code: Type.String(), message: Type.String() }),
})
export type ServiceError = Static<typeof ServiceError>
