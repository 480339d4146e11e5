// SMS vendors with a log of their own, behind the adapter for vendors that are described by data.
import { after } from 'node:test'
import type { Blame } from '../../src/providers/provider.ts'
import { generic, type GenericOptions } from '../../src/providers/generic/generic.ts'
import type { RoutedProvider } from '../../src/service/providers.ts'
import { startHttpPeer, type Script, type SeenRequest } from '../providers/scripted-http-peer.ts'

export type Course =
  | 'accept'
  | 'refuse_message'
  | 'refuse_account'
  | 'slow_down'
  | 'out_of_order'
  | 'lose_answer'
  | 'hang_up'
  | 'hang_up_before'
  | 'answer_late'

/** Courses on which the text goes out. */
const sending: readonly Course[] = ['accept', 'lose_answer', 'hang_up', 'answer_late']
const LATE_MS = 1_500

export interface Vendor {
  readonly name: string
  readonly origin: string
  /** What becomes of requests from now on. */
  course: Course | ((reference: string) => Course)
  /** References of the texts it has sent, in order; a key it has seen is not sent twice. */
  readonly sent: string[]
  /** All requests, whatever became of them. */
  readonly requests: readonly SeenRequest[]
  readonly idOf: (reference: string) => string
}

/** `dedupes`: the same key again is answered as before and sends nothing. */
export async function startVendor(name: string, { dedupes = false } = {}): Promise<Vendor> {
  const sent: string[] = []
  const known = new Set<string>()
  const idOf = (reference: string) => `${name}-${reference.slice(-12)}`
  const peer = await startHttpPeer((request): Script => {
    const { reference } = JSON.parse(request.body) as { reference: string }
    const course = typeof vendor.course === 'function' ? vendor.course(reference) : vendor.course
    if (sending.includes(course) && !(dedupes && known.has(reference))) sent.push(reference)
    if (sending.includes(course)) known.add(reference)
    return answers[course](idOf(reference))
  })
  after(() => peer.close())
  const vendor: Vendor = { name, origin: peer.origin, course: 'accept', sent, requests: peer.requests, idOf }
  return vendor
}

const refusal = (status: number, code: string) => (): Script => ({
  kind: 'answer',
  status,
  body: JSON.stringify({ error: code }),
})

const answers: Readonly<Record<Course, (id: string) => Script>> = {
  accept: (id) => ({ kind: 'answer', status: 201, body: JSON.stringify({ id }) }),
  refuse_message: refusal(422, 'message'),
  refuse_account: refusal(401, 'account'),
  slow_down: refusal(429, 'pace'),
  out_of_order: refusal(503, 'internal'),
  lose_answer: () => ({ kind: 'silence' }),
  hang_up: () => ({ kind: 'reset' }),
  hang_up_before: () => ({ kind: 'reset' }),
  answer_late: (id) => ({ kind: 'answer', status: 201, body: JSON.stringify({ id }), lateMs: LATE_MS }),
}

const refused = (status: number, blames: Blame) => ({
  status,
  when: { path: '$.error', equals: [blames] },
  blames,
})

/** The token under which the vendor calls back. */
export const RECEIPT_TOKEN = 'receipt-token'

export function vendorOptions(
  vendor: Pick<Vendor, 'name' | 'origin'>,
  more: Partial<GenericOptions> = {},
): GenericOptions {
  return {
    name: vendor.name,
    origin: vendor.origin,
    timeoutMs: 400,
    connectionsMax: 16,
    request: {
      method: 'POST',
      path: '/send',
      body: { json: { reference: '{{message_uuid}}', to: '{{recipient}}', text: '{{body}}' } },
    },
    success: { statuses: [201], idPath: '$.id' },
    refusals: [refused(422, 'message'), refused(401, 'account'), refused(429, 'pace')],
    protection: { kind: 'none' },
    receipts: {
      authentication: { kind: 'token', header: 'x-token', token: RECEIPT_TOKEN },
      idPath: '$.id',
      statusPath: '$.status',
      referencePath: '$.reference',
      statuses: { sent: 'sent', delivered: 'delivered', failed: 'undelivered' },
    },
    ...more,
  }
}

export function routed(
  vendor: Pick<Vendor, 'name' | 'origin'>,
  more: Partial<RoutedProvider> & { readonly generic?: Partial<GenericOptions> } = {},
): RoutedProvider {
  const { generic: changes, ...rest } = more
  return {
    provider: generic(vendorOptions(vendor, changes)),
    rule: { name: vendor.name },
    inFlightMax: 8,
    ...rest,
  }
}
