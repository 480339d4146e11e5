import { Type, type Static } from 'typebox'

/** A person's decision about a message in doubt: `POST .../in-doubt/{message_uuid}/resolution`. */
export const Resolution = Type.Object(
  {
    outcome: Type.Enum(['sent', 'not_sent']),
    reason: Type.String({ minLength: 1, maxLength: 500, format: 'storable-text' }),
    /** With `sent`: the provider's id, when it is known. */
    provider_message_id: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, format: 'storable-text' }),
    ),
    /** With `not_sent`: send it after all, instead of ending it as refused. */
    send_again: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)
export type Resolution = Static<typeof Resolution>

/** The service is told who decided. */
export const ServiceResolution = Type.Object(
  {
    ...Resolution.properties,
    actor: Type.String({ minLength: 1, maxLength: 200, format: 'storable-text' }),
  },
  { additionalProperties: false },
)
export type ServiceResolution = Static<typeof ServiceResolution>

export const Resolved = Type.Object({
  message_uuid: Type.String(),
  state: Type.Enum(['sent', 'refused', 'claimed']),
})
export type Resolved = Static<typeof Resolved>
