import { stepOf, type Program } from '../program/program.ts'
import type { Refused } from './book.ts'
import type { Progress } from './progress.ts'

export type Values = Readonly<Record<string, string>>

/** The values a person gives for a step that took effect; later steps need all it captures. */
export function capturedFrom(
  program: Program,
  progress: Progress,
  id: string,
  values: Values,
): Refused | { readonly kind: 'values'; readonly values: Values } {
  const names = [...stepOf(program, id).capture.keys()]
  const strange = Object.keys(values).filter((name) => !names.includes(name))
  if (strange.length > 0) return { kind: 'refused', why: `step ${id} captures no ${strange.join(', ')}` }
  const missing = names.filter((name) => values[name] === undefined)
  if (missing.length > 0 && progress.rollback === null)
    return {
      kind: 'refused',
      why: `step ${id} captures ${missing.join(', ')}, which later steps need: give it with --set ${missing[0]}=VALUE`,
    }
  return { kind: 'values', values }
}
