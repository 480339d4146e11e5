import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { ACCOUNTS } from './accounts.ts'

/** One text the carrier sent: a line of its log. */
export const CarrierEntrySchema = Type.Object(
  {
    at: Type.String({ pattern: String.raw`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$` }),
    account: Type.Enum([...ACCOUNTS]),
    to: Type.String(),
    from: Type.Union([Type.String(), Type.Null()]),
    body: Type.String(),
    reference: Type.Union([Type.String(), Type.Null()]),
    provider_message_id: Type.String(),
  },
  { additionalProperties: false },
)

export type CarrierEntry = Static<typeof CarrierEntrySchema>

const validator = Compile(CarrierEntrySchema)

/** Reads a line of the log. Throws on anything but an entry: evidence that cannot be read is not skipped. */
export function parseEntry(line: string): CarrierEntry {
  const value = parseJson(line)
  if (!validator.Check(value)) {
    throw new Error(`cannot read the carrier's log: not an entry: ${line.slice(0, 200)}: move the file away`)
  }
  return value
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
