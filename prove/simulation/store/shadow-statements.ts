// The gateway's statements about SHADOW, each under the name of its SQL file.
import { check, column } from './parameters.ts'
import { logAnswer } from './sms-logs.ts'
import type { Statements } from './statements.ts'

export const shadowStatements: Statements = {
  'gateway/log-shadow': (tables, parameters) => {
    column<string>(parameters, 1).forEach((message_uuid, index) => {
      const at = (number: number) => column<never>(parameters, number)[index] as never
      logAnswer(tables, {
        message_uuid,
        source: 'go',
        dry_run: true,
        status: at(2),
        provider_message_id: null,
        request_id: at(3),
        tenant: at(4),
        recipient: at(5),
        mode: 'SHADOW',
        epoch: at(6),
        fallback: null,
        reason: at(7),
        delivery_status: null,
        delivery_version: 0,
        handed_back: false,
        service_would: at(8),
        legacy_did: at(9),
      })
    })
    return []
  },

  'gateway/note-left-out': (tables, parameters) => {
    column<string>(parameters, 1).forEach((message_uuid, index) => {
      const reason = column<string>(parameters, 2)[index] ?? ''
      if (!tables.leftOut.get(message_uuid)) tables.leftOut.put(message_uuid, { message_uuid, reason })
    })
    return []
  },

  'gateway/log-rehearsals': (tables, parameters) => {
    column<string>(parameters, 1).forEach((message_uuid, index) => {
      const left_out = column<string | null>(parameters, 2)[index] ?? null
      const answers = [
        column<string | null>(parameters, 3)[index],
        column<string | null>(parameters, 4)[index],
      ]
      const isAnswered = answers.every((answer) => answer !== null && answer !== undefined)
      check((left_out === null) === isAnswered, 'answered_twice_or_left_out')
      if (!tables.rehearsals.get(message_uuid))
        tables.rehearsals.put(message_uuid, { message_uuid, left_out })
    })
    return []
  },
}
