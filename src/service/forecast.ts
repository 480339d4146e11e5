import type { ServiceMessage } from '../contract/service-api.ts'
import type { Treatment } from '../contract/treatment.ts'
import { readNumber } from '../sms/phone-number.ts'
import { segmentsOf, SEGMENTS_MAX } from '../sms/segments.ts'
import type { Router } from './router.ts'

/** What the service would do with a message, or why it would not; nothing is asked of a provider for it. */
export type Forecast = (message: ServiceMessage, rejection: string | null) => Treatment

/** `costOf`: what a provider takes for one part, where the providers file says so. */
export function createForecast(router: Router, costOf: (provider: string) => number | undefined): Forecast {
  return (message, rejection) => {
    const number = readNumber(message.to)
    const to = number.kind === 'number' ? number.e164 : null
    if (rejection !== null) {
      const nothing = { encoding: null, segments: null, route: null, price: null }
      return { to, ...nothing, error_class: errorClassOf(rejection) }
    }
    const { encoding, parts } = segmentsOf(message.body)
    const segments = Math.min(parts.length, SEGMENTS_MAX)
    const [route = null] = router.routeOf(message)
    const cost = route === null ? undefined : costOf(route)
    const price = cost === undefined ? null : cost * segments
    // A number that no plan knows is sent to as it was given.
    return { to: to ?? message.to, encoding, segments, route, price, error_class: null }
  }
}

const exactly: Readonly<Record<string, string>> = {
  'to: has opted out': 'opted_out',
  'to: no provider sends there': 'no_route',
}
const byField: Readonly<Record<string, string>> = {
  to: 'number',
  body: 'text',
  from: 'sender',
  send_at: 'timing',
  valid_until: 'timing',
  segments_max: 'too_long',
}

/** A rejection in a word that can be compared: reasons name the field first. */
export function errorClassOf(reason: string): string {
  if (/^body: takes \d+ segments/.test(reason)) return 'too_long'
  const field = reason.slice(0, reason.indexOf(':'))
  return exactly[reason] ?? byField[field] ?? 'other'
}
