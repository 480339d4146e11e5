import type { ServiceMessage } from '../contract/service-api.ts'
import { priorities } from '../contract/text.ts'
import { routeFor } from '../core/route.ts'
import { readNumber } from '../sms/phone-number.ts'
import type { ServiceProviders } from './providers.ts'
import { createIsOpen, type WindowRule } from './sending-windows.ts'

export interface Router {
  /** The providers that may send it, the best first; empty: none does. */
  routeOf(message: ServiceMessage): string[]
  /** Name of its sender's own pace; '' for none. */
  paceOf(message: ServiceMessage): string
  /** Name of the window that binds it; '' for none. */
  windowOf(message: ServiceMessage): string
}

export function createRouter({ list, senderPaces, windows = [] }: ServiceProviders): Router {
  const rules = list.map(({ rule }) => rule)
  const bounds = new Map(
    list.flatMap(({ rule, window: bound }) =>
      bound ? [[rule.name, { isOpen: createIsOpen(bound.window), priorities: bound.priorities }]] : [],
    ),
  )
  // Reading a number costs more than the rest of an acceptance; most installations need no country.
  const needsCountry = [...rules, ...windows].some(({ countries }) => countries !== undefined)

  function countryOf(to: string): string | null {
    const number = needsCountry ? readNumber(to) : undefined
    return number?.kind === 'number' ? number.country : null
  }

  /** Those that are open when it is due go before those that are shut; which they are may change until then. */
  function openFirst(route: string[], message: ServiceMessage): string[] {
    const priority = priorityOf(message)
    const sendAtMs = Date.parse(message.send_at ?? '')
    const dueMs = Number.isNaN(sendAtMs) ? Date.now() : Math.max(Date.now(), sendAtMs)
    const isOpen = (provider: string) => {
      const bound = bounds.get(provider)
      return !bound?.priorities.includes(priority) || bound.isOpen(dueMs)
    }
    const open = route.filter(isOpen)
    return [...open, ...route.filter((provider) => !open.includes(provider))]
  }

  return {
    routeOf(message) {
      const { message_uuid: messageUuid, to, tenant = null } = message
      const route = routeFor({ messageUuid, country: countryOf(to), tenant }, rules)
      return bounds.size > 0 ? openFirst(route, message) : route
    },
    paceOf: ({ from }) => (from !== undefined && Object.hasOwn(senderPaces, from) ? from : ''),
    windowOf(message) {
      if (windows.length === 0) return ''
      const { to, tenant = null } = message
      const [country, priority] = [countryOf(to), priorityOf(message)]
      const binds = (rule: WindowRule) =>
        rule.priorities.includes(priority) &&
        (!rule.countries || (country !== null && rule.countries.includes(country))) &&
        (!rule.tenants || (tenant !== null && rule.tenants.includes(tenant)))
      return windows.find(binds)?.name ?? ''
    },
  }
}

function priorityOf({ priority = 'normal' }: ServiceMessage): number {
  return priorities.findIndex((one) => one === priority)
}
