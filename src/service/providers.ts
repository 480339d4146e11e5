import type { Pace } from '../authority/dispatch.ts'
import type { ProviderRule } from '../core/route.ts'
import type { BoundWindow, WindowRule } from './sending-windows.ts'
import type { SmsProvider } from '../providers/provider.ts'
import type { ReceiptSink, TextSink } from '../providers/receipt.ts'

/** A provider with what it takes and how fast. Its name is that of its lane, its permits and its receipts. */
export interface RoutedProvider {
  readonly provider: SmsProvider
  readonly rule: ProviderRule
  readonly inFlightMax: number
  readonly perSecond?: number | undefined
  /** When it takes messages of these priorities; absent: always. */
  readonly window?: BoundWindow | undefined
}

export interface ServiceProviders {
  readonly list: readonly RoutedProvider[]
  /** Messages per second of single senders. */
  readonly senderPaces: Readonly<Record<string, number>>
  /** When messages of countries and tenants may go; the first that fits binds. */
  readonly windows?: readonly WindowRule[]
}

/** What a provider tells by itself: receipts and texts over its own link, and what it could not use. */
export interface ProviderEvents {
  readonly onReceipt: (provider: string) => ReceiptSink
  readonly onText: (provider: string) => TextSink
  readonly onProblem: (provider: string) => (problem: string) => void
}

export type OpenProviders = (events: ProviderEvents) => ServiceProviders

/** One provider that takes everything. */
export function soleProvider(provider: SmsProvider, inFlightMax: number): OpenProviders {
  return () => ({
    list: [{ provider, rule: { name: provider.name }, inFlightMax }],
    senderPaces: {},
  })
}

const BURST_S = 0.1

/** A tenth of a second may go at once, so that a rate is kept over any second and batches stay worthwhile. */
export function paceOf(name: string, perSecond: number): Pace {
  return { name, perSecond, burst: Math.max(1, Math.round(perSecond * BURST_S)) }
}
