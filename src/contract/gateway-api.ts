import { Type, type Static } from 'typebox'
import { Body, E164, Instant, Priority, SegmentsMax, Sender, Uuid } from './text.ts'

/** `POST /v1/sms` */
export const SendRequest = Type.Object(
  {
    to: Type.Union([E164, Type.Array(E164, { minItems: 1 })]),
    body: Body,
    from: Type.Optional(Sender),
    reference: Type.Optional(Type.String({ minLength: 1, maxLength: 128, format: 'storable-text' })),
    priority: Type.Optional(Priority),
    /** Not sent before; one that has passed means now. */
    send_at: Type.Optional(Instant),
    /** Void past it, never sent late. */
    valid_until: Type.Optional(Instant),
    /** A text of more parts is refused as a whole, in every mode. */
    segments_max: Type.Optional(SegmentsMax),
  },
  { additionalProperties: false },
)
export type SendRequest = Static<typeof SendRequest>

export const Mode = Type.Enum(['OFF', 'SHADOW', 'ON'])

export const SentMessage = Type.Object({
  message_uuid: Uuid,
  to: Type.String(),
  source: Type.Enum(['legacy', 'go']),
  /** `scheduled`: the legacy side holds it and sends it at `send_at`. */
  status: Type.Enum(['sent', 'accepted', 'duplicate', 'rejected', 'failed', 'unresolved', 'scheduled']),
  provider_message_id: Type.Union([Type.String(), Type.Null()]),
  fallback: Type.Union([Type.Null(), Type.Enum(['timeout', 'transport', 'breaker_open'])]),
  /** Parts the text is sent in. */
  segments: Type.Integer(),
  reason: Type.Optional(Type.String()),
})
export type SentMessage = Static<typeof SentMessage>

/** The 202 answer to `POST /v1/sms`. */
export const SendResponse = Type.Object({
  request_id: Uuid,
  mode: Mode,
  /** As they were asked for; absent where they were not. */
  send_at: Type.Optional(Type.String()),
  valid_until: Type.Optional(Type.String()),
  messages: Type.Array(SentMessage),
})
export type SendResponse = Static<typeof SendResponse>

/** `PUT /operator/mode` */
export const ModeChange = Type.Object(
  {
    mode: Mode,
    tenant: Type.Optional(Type.String({ pattern: '^[a-z0-9][a-z0-9_-]{0,62}$' })),
    ramp_percent: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
    /** Refused unless this is the epoch in force for the scope: nobody else has changed it meanwhile. */
    if_epoch: Type.Optional(Type.Integer({ minimum: 1 })),
    reason: Type.String({ minLength: 1, maxLength: 500, format: 'storable-text' }),
  },
  { additionalProperties: false },
)
export type ModeChange = Static<typeof ModeChange>

export const ModeInForce = Type.Object({
  scope: Type.String(),
  mode: Mode,
  ramp_percent: Type.Integer(),
  epoch: Type.Integer(),
  reason: Type.String(),
  changed_at: Type.String(),
})
export type ModeInForce = Static<typeof ModeInForce>

/** `GET /operator/mode` and the answer to a change: everyone's setting, and those of single tenants. */
export const ModeView = Type.Object({
  ...ModeInForce.properties,
  tenants: Type.Array(ModeInForce),
})
export type ModeView = Static<typeof ModeView>

/** A change of the mode as the history has it. */
export interface RecordedModeChange extends ModeInForce {
  readonly actor: string
}

/** A gateway process that lives, and up to which change it has acknowledged. */
export interface GatewayAcknowledgement {
  readonly owner: number
  /** Host and process id; null: it has acknowledged nothing yet. */
  readonly gateway: string | null
  readonly epoch: number | null
  readonly acknowledged_at: string | null
  readonly acknowledged: boolean
}

/** `GET /operator/mode/changes/{epoch}`: how far a change has come. */
export interface ModeChangeStatus extends RecordedModeChange {
  /** A later change of the same scope. */
  readonly superseded_by: number | null
  /** Those that live; one that is dead enters nothing. */
  readonly gateways: readonly GatewayAcknowledgement[]
  readonly live: number
  readonly acknowledged: number
  /** No live gateway enters anything under an older setting any more. */
  readonly acknowledged_by_all: boolean
  /** Requests entered under older settings of the scope that have no answer yet, of dead gateways too. */
  readonly in_flight_requests: number
  /** Messages of theirs that the settler has still to decide. */
  readonly unresolved_messages: number
  /** Acknowledged by all, and nothing is under way under an older setting. */
  readonly drained: boolean
  /** What the service has accepted and not sent yet, of all scopes; null: the ledger cannot be asked. */
  readonly held_by_service: { readonly claimed: number; readonly dispatched: number } | null
}

/** The answer to `PUT /operator/mode`: what is in force, and how far the change has come at that moment. */
export interface ModeChanged extends ModeView {
  readonly change: ModeChangeStatus
}
