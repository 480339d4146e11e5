import { readFileSync } from 'node:fs'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { openVendor, vendorKinds, vendorProblems, type VendorDefaults } from './open-vendor.ts'
import type { OpenProviders } from './providers.ts'
import { schemaProblems } from './schema-problems.ts'
import { boundWindow, TimeOfDay, windowProblems } from './window-entry.ts'

const Name = Type.String({ pattern: '^[a-z0-9][a-z0-9_-]{0,62}$' })
const Country = Type.String({ pattern: '^[A-Z]{2}$' })
const Rate = Type.Number({ minimum: 0.01, maximum: 100_000 })

const ProviderEntry = Type.Object(
  {
    /** Of its lane, its receipts' address, its permits. Renaming it makes it another provider. */
    name: Name,
    kind: Type.Enum([...vendorKinds]),
    countries: Type.Optional(Type.Array(Country, { minItems: 1 })),
    tenants: Type.Optional(Type.Array(Type.String(), { minItems: 1 })),
    weight: Type.Optional(Type.Number({ minimum: 0, maximum: 1_000_000 })),
    cost: Type.Optional(Type.Number()),
    per_second: Type.Optional(Rate),
    /** When it takes messages; one-time codes it takes at any time. */
    window: Type.Optional(Type.Object(TimeOfDay, { additionalProperties: false })),
    in_flight_max: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
    /** What the vendor's adapter takes. A text `env:NAME` stands for an environment variable. */
    options: Type.Record(Type.String(), Type.Unknown()),
  },
  { additionalProperties: false },
)

const WindowEntry = Type.Object(
  {
    ...TimeOfDay,
    /** Kept with the messages that wait for it. */
    name: Name,
    countries: Type.Optional(Type.Array(Country, { minItems: 1 })),
    tenants: Type.Optional(Type.Array(Type.String(), { minItems: 1 })),
  },
  { additionalProperties: false },
)

const ProvidersFile = Type.Object(
  {
    providers: Type.Array(ProviderEntry, { minItems: 1, maxItems: 64 }),
    /** Messages per second of single senders. */
    senders: Type.Optional(
      Type.Record(
        Type.String({ minLength: 1 }),
        Type.Object({ per_second: Rate }, { additionalProperties: false }),
      ),
    ),
    /** When messages may go, by country and tenant: the first that fits binds. */
    windows: Type.Optional(Type.Array(WindowEntry, { maxItems: 256 })),
  },
  { additionalProperties: false },
)
const checkedFile = Compile(ProvidersFile)
const checkedEntry = Compile(ProviderEntry)
const checkedWindow = Compile(WindowEntry)

export type ParsedProviders =
  | { readonly open: (defaults: VendorDefaults) => OpenProviders }
  | { readonly problems: readonly string[] }

/** Reports every problem of the file, and never a secret. */
export function readProviders(
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
): ParsedProviders {
  let content: unknown
  try {
    content = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    return { problems: [ofFile(`cannot be read: ${whyUnreadable(error)}: ${path}`)] }
  }
  return parseProviders(content, environment)
}

/** The parser's own message quotes the text, which may hold a secret. */
function whyUnreadable(error: unknown): string {
  if (error instanceof SyntaxError) {
    const place = /\(line \d+ column \d+\)/.exec(error.message)?.[0]
    return place === undefined ? 'is not JSON' : `is not JSON ${place}`
  }
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

export function parseProviders(
  content: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): ParsedProviders {
  const missing = new Set<string>()
  const file = withSecrets(content, environment, missing)
  const entries = wellFormed(file, 'providers', checkedEntry)
  const windows = wellFormed(file, 'windows', checkedWindow)
  const problems = [
    ...Array.from(missing, (name) => `env:${name}: is not set`),
    ...schemaProblems(ProvidersFile, file).map(({ path, message }) => `${path || '/'}: ${message}`),
    ...[...repeated(entries), ...repeated(windows)].map((name) => `${name}: stands there twice`),
    ...[...entries, ...windows].flatMap((entry) => windowProblems(entry)),
    ...entries.flatMap(vendorProblems),
  ]
  if (problems.length === 0 && checkedFile.Check(file)) return { open: (defaults) => opener(file, defaults) }
  return { problems: problems.map(ofFile) }
}

/** The entries that are well by themselves, so that a mistake elsewhere does not hide those in them. */
function wellFormed<Entry>(
  file: unknown,
  list: 'providers' | 'windows',
  checked: { Check(value: unknown): value is Entry },
): Entry[] {
  if (typeof file !== 'object' || file === null) return []
  const entries: unknown = Object.entries(file).find(([name]) => name === list)?.[1]
  return Array.isArray(entries) ? entries.filter((one) => checked.Check(one)) : []
}

const ofFile = (problem: string): string => `providers file: ${problem}`

function opener(file: Static<typeof ProvidersFile>, defaults: VendorDefaults): OpenProviders {
  return (events) => ({
    list: file.providers.map((entry) => {
      const { name, countries, tenants, weight, cost, per_second: perSecond } = entry
      const inFlightMax = entry.in_flight_max ?? defaults.inFlightMax
      return {
        provider: openVendor(entry, { ...defaults, inFlightMax }, events),
        rule: {
          name,
          ...(countries ? { countries } : {}),
          ...(tenants ? { tenants } : {}),
          ...(weight === undefined ? {} : { weight }),
          ...(cost === undefined ? {} : { cost }),
        },
        inFlightMax,
        perSecond,
        window: entry.window && boundWindow(entry.window),
      }
    }),
    windows: (file.windows ?? []).map(({ name, countries, tenants, ...entry }) => ({
      ...boundWindow(entry),
      name,
      ...(countries ? { countries } : {}),
      ...(tenants ? { tenants } : {}),
    })),
    senderPaces: Object.fromEntries(
      Object.entries(file.senders ?? {}).map(([sender, { per_second }]) => [sender, per_second]),
    ),
  })
}

function withSecrets(
  value: unknown,
  environment: Readonly<Record<string, string | undefined>>,
  missing: Set<string>,
): unknown {
  if (typeof value === 'string') {
    const name = /^env:([A-Za-z_]\w*)$/.exec(value)?.[1]
    if (name === undefined) return value
    const secret = Object.hasOwn(environment, name) ? environment[name] : undefined
    if (secret === undefined) missing.add(name)
    return secret ?? ''
  }
  if (Array.isArray(value)) return value.map((item) => withSecrets(item, environment, missing))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withSecrets(item, environment, missing)]),
  )
}

function repeated(entries: readonly { readonly name: string }[]): string[] {
  const names = entries.map(({ name }) => name)
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))]
}
