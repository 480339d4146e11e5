import { Type, type Static } from 'typebox'
import { Uuid } from './text.ts'

export const REPORTS_MAX = 500

export const deliveryStatuses = [
  'sent',
  'refused',
  'in_doubt',
  'void',
  'accepted',
  'undelivered',
  'expired',
  'rejected',
  'delivered',
] as const

/** What became of a message that the service accepted. The gateway keeps the one with the highest version. */
export const StatusReport = Type.Object(
  {
    message_uuid: Uuid,
    version: Type.Integer({ minimum: 1 }),
    status: Type.Enum([...deliveryStatuses]),
    provider_message_id: Type.Union([Type.String({ maxLength: 512 }), Type.Null()]),
    error: Type.Union([Type.String({ maxLength: 512 }), Type.Null()]),
    /** In ms since the epoch. */
    at_ms: Type.Integer({ minimum: 0 }),
  },
  { additionalProperties: false },
)
export type StatusReport = Static<typeof StatusReport>

/** `POST /v1/status-reports` of the gateway: at least once, in any order. */
export const StatusReports = Type.Object(
  { reports: Type.Array(StatusReport, { minItems: 1, maxItems: REPORTS_MAX }) },
  { additionalProperties: false },
)

/** `unknown`: messages the gateway has not logged yet; they are to be reported again. */
export const StatusReportsAnswer = Type.Object({ unknown: Type.Array(Uuid) })
export type StatusReportsAnswer = Static<typeof StatusReportsAnswer>
