import type { Static } from 'typebox'
import { aws } from '../providers/aws/aws.ts'
import { createSnsCertificates, type SnsCertificates } from '../providers/aws/certificates.ts'
import { azure } from '../providers/azure/azure.ts'
import { bird } from '../providers/bird/bird.ts'
import { generic } from '../providers/generic/generic.ts'
import type { JsonTemplate } from '../providers/generic/template.ts'
import { infobip } from '../providers/infobip/infobip.ts'
import { plivo } from '../providers/plivo/plivo.ts'
import type { SmsProvider } from '../providers/provider.ts'
import { sandboxProvider } from '../providers/sandbox.ts'
import { sinch } from '../providers/sinch/sinch.ts'
import { smppProvider } from '../providers/smpp/smpp.ts'
import { telnyx } from '../providers/telnyx/telnyx.ts'
import { twilio } from '../providers/twilio/twilio.ts'
import { vonage } from '../providers/vonage/vonage.ts'
import type { ProviderEvents } from './providers.ts'
import { schemaProblems } from './schema-problems.ts'
import { vendorOptions } from './vendor-options.ts'

export type VendorKind = keyof typeof vendorOptions
export const vendorKinds = Object.keys(vendorOptions) as VendorKind[]

interface Common {
  readonly timeoutMs: number
  readonly connectionsMax: number
  readonly receiptUrl?: string
}

interface Opening {
  readonly name: string
  readonly all: ProviderEvents
  readonly certificates: SnsCertificates
}

type Openers = {
  readonly [Kind in VendorKind]: (
    options: Static<(typeof vendorOptions)[Kind]>,
    common: Common,
    opening: Opening,
  ) => SmsProvider
}

const SMPP_TIMES = {
  enquireIntervalMs: 30_000,
  linkTimeoutMs: 5_000,
  reconnectFirstMs: 200,
  reconnectMaxMs: 10_000,
}

const openers: Openers = {
  sandbox: (options, common) => sandboxProvider({ ...common, ...options, account: 'service' }),
  twilio: (options, common) => twilio({ ...common, ...options }),
  vonage: (options, common) => vonage({ ...common, ...options }),
  infobip: (options, common) => infobip({ ...common, ...options }),
  telnyx: (options, common) => telnyx({ ...common, ...options }),
  plivo: (options, common) => plivo({ ...common, ...options }),
  sinch: (options, common) => sinch({ ...common, ...options }),
  bird: (options, common) => bird({ ...common, ...options }),
  aws: (options, common, { certificates }) => aws({ ...common, ...options, certificates }),
  azure: (options, common) => azure({ ...common, ...options }),
  generic({ request, receipts, ...options }, common, { name }) {
    const { body, query, headers, ...rest } = request
    return generic({
      ...common,
      ...options,
      name,
      request: {
        ...rest,
        ...(query ? { query } : {}),
        ...(headers ? { headers } : {}),
        // Parsed from JSON, so it is a template already.
        ...(body ? { body: 'json' in body ? { json: body.json as JsonTemplate } : body } : {}),
      },
      ...(receipts ? { receipts } : {}),
    })
  },
  smpp: (options, { timeoutMs, connectionsMax }, { name, all }) =>
    smppProvider({
      ...SMPP_TIMES,
      binds: 'transceiver',
      longTexts: 'udh',
      idForms: { submit: 'text', receipt: 'text' },
      throttledMs: 1_000,
      ...options,
      name,
      timeoutMs,
      windowMax: connectionsMax,
      onReceipt: all.onReceipt(name),
      onText: all.onText(name),
      onProblem: all.onProblem(name),
    }),
}

export interface VendorEntry {
  readonly name: string
  readonly kind: VendorKind
  readonly options: unknown
}

export interface VendorDefaults {
  readonly timeoutMs: number
  readonly inFlightMax: number
  readonly publicUrl: string | null
}

/** What is wrong with the options, field by field; never a value, which may be a secret. */
export function vendorProblems({ name, kind, options }: VendorEntry): string[] {
  return schemaProblems(vendorOptions[kind], options).map(
    ({ path, message }) => `${name}: options${path}: ${message}`,
  )
}

/**
 * Opens the vendor under its own name. Its options must be without {@link vendorProblems}. `certificates`: where a
 * vendor signs under a certificate that has to be fetched.
 */
export function openVendor(
  entry: VendorEntry,
  defaults: VendorDefaults,
  all: ProviderEvents,
  certificates: SnsCertificates = createSnsCertificates(),
): SmsProvider {
  const { name, kind } = entry
  const { timeoutMs, inFlightMax, publicUrl } = defaults
  const common: Common = {
    timeoutMs,
    connectionsMax: inFlightMax,
    ...(publicUrl === null ? {} : { receiptUrl: `${publicUrl.replace(/\/$/, '')}/receipts/${name}` }),
  }
  return { ...openAs(kind, entry.options, common, { name, all, certificates }), name }
}

/** The schema of its kind has checked the options. */
const openAs = (kind: VendorKind, options: unknown, common: Common, opening: Opening): SmsProvider =>
  (openers[kind] as (...args: unknown[]) => SmsProvider)(options, common, opening)
