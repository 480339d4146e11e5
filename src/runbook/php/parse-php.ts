import { parser } from '@lezer/php'
import { adaptTree, errorCount } from '../code/adapt.ts'
import type { Tree } from '../code/node.ts'
import { phpAdapter } from './php-adapter.ts'

const program = parser.configure({ top: 'Program' })

/** Ways to read a fragment. Each keeps the length of the text between its two parts. */
const FRAMES: readonly (readonly [before: string, after: string])[] = [
  ['', ''],
  ['class A {', '}'],
  ['return [', '];'],
  ['', ';'],
  ['switch ($mode) {', '}'],
  ['$a', ';'],
]

/** Reads PHP, whole files and fragments alike: as it is first, then in the frame that leaves the fewest errors. */
export function parsePhp(source: string): Tree {
  const text = hideTags(source)
  let best = { errors: Infinity, tree: program.parse(text), shift: 0 }
  for (const candidate of [text, masked(text)]) {
    for (const [before, after] of framesFor(candidate)) {
      const tree = program.parse(before + candidate + after)
      const errors = errorCount(tree)
      if (errors < best.errors) best = { errors, tree, shift: before.length }
      if (errors === 0) return adaptTree(tree, source, before.length, phpAdapter)
    }
    if (candidate === text && masked(text) === text) break
  }
  return adaptTree(best.tree, source, best.shift, phpAdapter)
}

/** Methods without their class are a fifth of all blocks: they are read as a class's body first. */
function framesFor(text: string): typeof FRAMES {
  const isBody =
    /^\s*(?:(?:\/\/[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/)\s*)*(?:(?:final|abstract|static)\s+)*(?:public|private|protected)\b/.test(
      text,
    )
  return isBody ? [...FRAMES.slice(1, 2), ...FRAMES.slice(0, 1), ...FRAMES.slice(2)] : FRAMES
}

/** Blanks the open and close tags: the grammar's program form does not know them. */
function hideTags(text: string): string {
  return text.replaceAll(/<\?php|<\?=|\?>/g, (tag) => ' '.repeat(tag.length))
}

/** Ellipses that stand for left-out code become comments of the same length. */
function masked(text: string): string {
  return text
    .replaceAll(
      /^([ \t]*)(\.\.\.|…)([ \t]*)$/gm,
      (_, lead: string, dots: string, tail: string) => lead + '//.'.slice(0, dots.length) + tail,
    )
    .replaceAll(/\[\s*(\.\.\.)\s*\]|\{\s*(\.\.\.)\s*\}/g, (whole) => whole.replace('...', '   '))
}
