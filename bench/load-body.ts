import { uuidv7 } from 'uuidv7'
import type { LoadTarget } from './load-order.ts'

const TEXT = 'Your parcel is on its way and will be with you tomorrow between 9 and 11. Reply STOP to end.'
const NUMBERS_PER_AREA = 100

// Area codes: no N11, and not 555, whose numbers are the exchange of all the others.
const areaCodes = Array.from({ length: 800 }, (_, index) => 200 + index).filter(
  (code) => code % 100 !== 11 && code !== 555,
)
let next = 0

/** A number kept for fiction: +1 NPA 555 0100 to 0199. Any hundred in a row are different. */
function nextRecipient(): string {
  const number = next++
  const area = areaCodes[Math.floor(number / NUMBERS_PER_AREA) % areaCodes.length]
  return `+1${area}5550${100 + (number % NUMBERS_PER_AREA)}`
}

const recipients = (count: number): string[] => Array.from({ length: count }, nextRecipient)

export const pathOf = {
  gateway: '/v1/sms',
  service: '/v1/messages',
  carrier: '/accounts/legacy/messages',
} as const

/** The body of one request. */
export function bodyFor({ api, messagesPerRequest }: LoadTarget): string {
  switch (api) {
    case 'gateway':
      return JSON.stringify({
        to: messagesPerRequest === 1 ? nextRecipient() : recipients(messagesPerRequest),
        body: TEXT,
      })
    case 'service':
      return JSON.stringify({
        dry_run: false,
        messages: recipients(messagesPerRequest).map((to) => ({ message_uuid: uuidv7(), to, body: TEXT })),
      })
    case 'carrier':
      return JSON.stringify({ to: nextRecipient(), body: TEXT, reference: uuidv7() })
  }
}

/** The outcome of each message of an answer, as the API says it. */
export function statusesIn({ api }: LoadTarget, status: number, text: string): string[] {
  if (status >= 300) return [`HTTP ${status}`]
  const answer = JSON.parse(text) as Partial<
    Record<'messages' | 'results', { status: string; fallback?: string | null }[]>
  >
  switch (api) {
    case 'gateway':
      return (answer.messages ?? []).map(({ status, fallback }) =>
        fallback ? `${status} (${fallback})` : status,
      )
    case 'service':
      return (answer.results ?? []).map(({ status }) => status)
    case 'carrier':
      return ['sent']
  }
}
