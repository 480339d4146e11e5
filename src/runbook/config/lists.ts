import type { Tree } from '../code/node.ts'
import type { Code } from '../markdown/code-block.ts'

export interface Member {
  /** Without quotation marks. */
  readonly text: string
  readonly from: number
  readonly to: number
}

/** A key of configuration whose value is a list; offsets are those of the block's text. */
export interface SettingList {
  /** Keys from the outermost in, joined by dots. */
  readonly path: string
  readonly members: readonly Member[]
  readonly from: number
  readonly to: number
}

const KEY = String.raw`["']?([A-Za-z_][\w. /-]*?)["']?[ \t]*`
const FLOW = new RegExp(String.raw`${KEY}(?:[:=])[ \t]*\[([^[\]{}]*)\]`, 'g')
const BLOCK = new RegExp(
  String.raw`^([ \t]*)(?:-[ \t]+)?${KEY}:[ \t]*(?:#[^\n]*)?\n((?:\1[ \t]*-[ \t]+[^\n:]+(?:\n|$))+)`,
  'gm',
)
const PLAIN = new RegExp(
  String.raw`^[ \t]*(?:export[ \t]+|-[ \t]+)?${KEY}[:=][ \t]*["']?(\w[\w*-]*(?:[ \t]*[,|][ \t]*[\w*-]+)+)["']?[ \t]*(?:#[^\n]*)?$`,
  'gm',
)
const ITEM = /"[^"\n]*"|'[^'\n]*'|[^\s,|"'#][^\s,|#]*/g
const ENTRY = /(?<=^[ \t]*-[ \t]+)(?:"[^"\n]*"|'[^'\n]*'|[^\s#][^\s#]*)/gm

/** Lists as YAML, JSON, TOML, PHP and env files write them. */
export function readLists(code: Code, tree: Tree | null): SettingList[] {
  if (tree) return code.language === 'php' ? ofPhp(tree) : []
  if (code.language === 'sql') return []
  const { text } = code
  const flows = Array.from(text.matchAll(FLOW), (match) => {
    const inner = match.index + match[0].length - 1 - (match[2] ?? '').length
    return make(text, match.index, match[1] ?? '', membersIn(match[2] ?? '', inner, ITEM))
  })
  const blocks = Array.from(text.matchAll(BLOCK), (match) => {
    const inner = match.index + match[0].length - (match[3] ?? '').length
    const at = match.index + (match[1] ?? '').length
    return make(text, at, match[2] ?? '', membersIn(match[3] ?? '', inner, ENTRY))
  })
  const plain = Array.from(text.matchAll(PLAIN), (match) => {
    const inner = match.index + match[0].lastIndexOf(match[2] ?? '')
    const at = match.index + match[0].indexOf(match[1] ?? '')
    return make(text, at, match[1] ?? '', membersIn(match[2] ?? '', inner, ITEM))
  })
  return [...flows, ...blocks, ...plain].filter(({ members }) => members.length > 0)
}

function make(text: string, at: number, key: string, members: Member[]): SettingList {
  const to = members.at(-1)?.to ?? at
  return { path: [...parentsOf(text, at), key].join('.'), members, from: at, to }
}

/** The members of the text of a list that begins at an offset. */
function membersIn(text: string, base: number, pattern: RegExp): Member[] {
  return Array.from(text.matchAll(pattern), (match) => ({
    text: match[0].replaceAll(/^["']|["']$/g, ''),
    from: base + match.index,
    to: base + match.index + match[0].length,
  }))
}

/** The members of a list that a table's cell holds. */
export function membersOfCell(text: string): Member[] {
  return membersIn(text, 0, /[\w*-]+/g)
}

/** The keys around a place: those above with less indentation, the table of an ini file, open braces before it. */
function parentsOf(text: string, at: number): string[] {
  const start = text.lastIndexOf('\n', at - 1) + 1
  const head = text.slice(start, at)
  const onLine = Array.from(head.matchAll(/["']?([\w-]+)["']?[ \t]*:[ \t]*\{/g), (match) => match[1] ?? '')
  const above: string[] = []
  let indent = /^[ \t]*/.exec(text.slice(start))?.[0].length ?? 0
  for (const line of text.slice(0, start).split('\n').toReversed()) {
    const table = /^[ \t]*\[{1,2}([\w.-]+)\]{1,2}/.exec(line)?.[1]
    const key = /^([ \t]*)(?:-[ \t]+)?["']?([\w.-]+)["']?[ \t]*:[ \t]*[{[]?[ \t]*(?:#.*)?$/.exec(line)
    if (table && above.length === 0) return [table, ...onLine]
    if (!key || (key[1] ?? '').length >= indent) continue
    indent = (key[1] ?? '').length
    above.unshift(key[2] ?? '')
  }
  return [...above, ...onLine]
}

function ofPhp(tree: Tree): SettingList[] {
  return tree.nodes
    .filter((node) => node.kind === 'pair' && node.value !== null)
    .flatMap((node) => {
      const value = node.value ?? node
      const inner = /^\[([^[\]>]*)\]$/.exec(tree.text.slice(value.from, value.to))?.[1]
      if (inner === undefined) return []
      const names: string[] = []
      for (let at: typeof node.parent = node; at; at = at.parent)
        if (at.kind === 'pair') names.unshift(at.name)
      const members = membersIn(inner, value.from + 1, /"[^"\n]*"|'[^'\n]*'/g)
      return members.length > 0 ? [{ path: names.join('.'), members, from: node.from, to: node.to }] : []
    })
}
