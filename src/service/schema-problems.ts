import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Settings } from 'typebox/system'

const PROBLEMS_MAX = 1_000

/** Everything that is wrong with a value, each with its path (empty: the value itself). Never a part of the value. */
export function schemaProblems(schema: TSchema, value: unknown): { path: string; message: string }[] {
  const checked = Compile(schema)
  // The library stops at its eighth finding, for the whole process; nothing else runs until this is taken back.
  const { maxErrors } = Settings.Get()
  Settings.Set({ maxErrors: PROBLEMS_MAX })
  try {
    if (checked.Check(value)) return []
    return (
      checked
        .Errors(value)
        // Of a field that is too many its parent tells by name.
        .filter(({ keyword }) => keyword !== 'boolean')
        .map(({ instancePath: path, message, params }) => ({ path, message: withName(message, params) }))
    )
  } finally {
    Settings.Set({ maxErrors })
  }
}

function withName(message: string, params: object): string {
  if (!('additionalProperties' in params) || !Array.isArray(params.additionalProperties)) return message
  return `${message}: ${params.additionalProperties.join(', ')}`
}
