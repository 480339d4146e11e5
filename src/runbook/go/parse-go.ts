import { parser } from '@lezer/go'
import { adaptTree, errorCount } from '../code/adapt.ts'
import type { Tree } from '../code/node.ts'
import { goAdapter } from './go-adapter.ts'

const FRAMES: readonly (readonly [before: string, after: string])[] = [
  ['', ''],
  ['', '\n}'],
  ['', '\n}\n}'],
  ['func f() {', '\n}'],
  ['func f() { switch {', '\n}}'],
  ['var a = b{', '}'],
]

/** Reads Go, whole files and fragments alike, in the frame that leaves the fewest errors. */
export function parseGo(source: string): Tree {
  const text = source.replaceAll(
    /^([ \t]*)(\.\.\.|…)([ \t]*)$/gm,
    (_, lead: string, dots: string, tail: string) => lead + '//.'.slice(0, dots.length) + tail,
  )
  let best = { errors: Infinity, tree: parser.parse(text), shift: 0 }
  for (const [before, after] of FRAMES) {
    const tree = parser.parse(before + text + after)
    const errors = errorCount(tree)
    if (errors < best.errors) best = { errors, tree, shift: before.length }
    if (errors === 0) break
  }
  return adaptTree(best.tree, source, best.shift, goAdapter)
}
