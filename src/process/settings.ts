/**
 * Settings of a program: read from the environment as text, then parsed by a pure function that reports every
 * problem at once. An unknown `BATON_*` name is a problem: a misspelt limit must not be silently off.
 */
export interface Setting<Value> {
  readonly name: string
  /** What it is for, with its unit. */
  readonly about: string
  readonly fallback: string | undefined
  readonly parse: (text: string) => Value | Problem
}

export class Problem {
  readonly expected: string

  constructor(expected: string) {
    this.expected = expected
  }
}

type Spec = Readonly<Record<string, Setting<unknown>>>
export type Values<Settings extends Spec> = {
  readonly [Name in keyof Settings]: Settings[Name] extends Setting<infer Value> ? Value : never
}

export type Parsed<Settings extends Spec> =
  | { readonly values: Values<Settings> }
  | { readonly problems: readonly string[] }

/** `known`: names of other programs' settings, which may stand in the same environment. */
export function parseSettings<const Settings extends Spec>(
  spec: Settings,
  environment: Readonly<Record<string, string | undefined>>,
  known: readonly string[] = [],
): Parsed<Settings> {
  const problems: string[] = []
  const values: Record<string, unknown> = {}
  for (const [key, { name, fallback, parse }] of Object.entries(spec)) {
    const text = environment[name] ?? fallback
    if (text === undefined) {
      problems.push(`${name}: is not set`)
      continue
    }
    const value = parse(text)
    if (value instanceof Problem) problems.push(`${name}: is ${shown(text)}: needs ${value.expected}`)
    else values[key] = value
  }
  const names = new Set([...Object.values(spec).map(({ name }) => name), ...known])
  for (const name of Object.keys(environment)) {
    if (name.startsWith('BATON_') && !names.has(name)) problems.push(`${name}: is not a setting of Baton`)
  }
  return problems.length > 0 ? { problems } : { values: values as Values<Settings> }
}

/** The value as it may be printed: a URL can hold a password. */
function shown(text: string): string {
  return JSON.stringify(text.replace(/\/\/[^@/]*@/, '//***@'))
}

type Make<Value> = (name: string, about: string, fallback?: string) => Setting<Value>

export const text: Make<string> = (name, about, fallback) => ({
  name,
  about,
  fallback,
  parse: (value) => value,
})

/** Text that may be left out. */
export const optionalText: Make<string | null> = (name, about) => ({
  name,
  about,
  fallback: '',
  parse: (value) => (value === '' ? null : value),
})

/** An amount of 0 or more that may be left out. */
export const optionalAmount: Make<number | null> = (name, about) => ({
  name,
  about,
  fallback: '',
  parse: (value) => {
    if (value === '') return null
    return /^\d{1,9}(\.\d{1,9})?$/.test(value) ? Number(value) : new Problem('an amount like 0.0075')
  },
})

export const port: Make<number> = (name, about, fallback) => ({
  name,
  about,
  fallback,
  parse: (value) => integerIn(value, 0, 65_535),
})

/** Where somebody listens already: 0 is none. */
export const peerPort: Make<number> = (name, about, fallback) => ({
  name,
  about,
  fallback,
  parse: (value) => integerIn(value, 1, 65_535),
})

export const milliseconds: Make<number> = (name, about, fallback) => ({
  name,
  about,
  fallback,
  parse: (value) => integerIn(value, 1, 2_147_483_647),
})

export const count: Make<number> = (name, about, fallback) => ({
  name,
  about,
  fallback,
  parse: (value) => integerIn(value, 1, 1_000_000),
})

export const httpUrl: Make<string> = (name, about, fallback) => ({
  name,
  about,
  fallback,
  parse: (value) =>
    URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)
      ? value
      : new Problem('an http or https URL'),
})

/** Such a URL, or nothing. */
export const optionalHttpUrl: Make<string | null> = (name, about) => ({
  name,
  about,
  fallback: '',
  parse: (value) => (value === '' ? null : httpUrl(name, about).parse(value)),
})

/** Words or phrases, separated by commas; at least one. */
export const words: Make<readonly string[]> = (name, about, fallback) => ({
  name,
  about,
  fallback,
  parse: (value) => {
    const list = value.split(',').map((word) => word.trim())
    return list.includes('') ? new Problem('words with commas between them') : list
  },
})

export const databaseUrl: Make<string> = (name, about, fallback) => ({
  name,
  about,
  fallback,
  parse: (value) =>
    URL.canParse(value) && /^postgres(ql)?:$/.test(new URL(value).protocol)
      ? value
      : new Problem('a postgres:// URL'),
})

export function oneOf<const Choices extends readonly string[]>(choices: Choices): Make<Choices[number]> {
  return (name, about, fallback) => ({
    name,
    about,
    fallback,
    parse: (value) => (choices.includes(value) ? value : new Problem(`one of ${choices.join(', ')}`)),
  })
}

function integerIn(value: string, least: number, most: number): number | Problem {
  const number = Number(value)
  const isInRange = /^\d+$/.test(value) && number >= least && number <= most
  return isInRange ? number : new Problem(`a whole number from ${least} to ${most}`)
}
