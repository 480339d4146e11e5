import type { ServiceMessage } from '../contract/service-api.ts'
import { routeFor } from '../core/route.ts'
import { readNumber } from '../sms/phone-number.ts'
import type { ServiceProviders } from './providers.ts'

export interface Router {
  /** The providers that may send it, the best first; empty: none does. */
  routeOf(message: ServiceMessage): string[]
  /** Name of its sender's own pace; '' for none. */
  paceOf(message: ServiceMessage): string
}

export function createRouter({ list, senderPaces }: ServiceProviders): Router {
  const rules = list.map(({ rule }) => rule)
  // Reading a number costs more than the rest of an acceptance; most installations need no country.
  const needsCountry = rules.some(({ countries }) => countries !== undefined)
  return {
    routeOf({ message_uuid, to, tenant }) {
      const number = needsCountry ? readNumber(to) : undefined
      const country = number?.kind === 'number' ? number.country : null
      return routeFor({ messageUuid: message_uuid, country, tenant: tenant ?? null }, rules)
    },
    paceOf: ({ from }) => (from !== undefined && Object.hasOwn(senderPaces, from) ? from : ''),
  }
}
