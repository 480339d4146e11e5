import type { Code } from '../markdown/code-block.ts'

/** A key with its value in configuration of any kind; offsets are those of the block's text. */
export interface Setting {
  /** Keys from the outermost in, joined by dots. */
  readonly path: string
  readonly value: string
  readonly from: number
  readonly to: number
  readonly lineFrom: number
}

const ENV_LINE =
  /^[ \t]*(?:export[ \t]+|-[ \t]+|set[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*("[^"\n]*"|'[^'\n]*'|[^\s#;\n]*)/gm
const YAML_LINE =
  /^([ \t]*)((?:-[ \t]+)*)["']?([A-Za-z_][\w. /-]*?)["']?[ \t]*:(?:[ \t]+("[^"\n]*"|'[^'\n]*'|[^#\n,{}[\]]*?))?[ \t]*[{[,]?[ \t]*(?:#[^\n]*)?$/gm
const INLINE_ASSIGNMENT = /\b([A-Z][A-Z0-9_]{3,})=("[^"\n]*"|'[^'\n]*'|[^\s"';&|]+)/g

export function readSettings(code: Code): Setting[] {
  if (code.language === 'env') return fromEnv(code.text)
  if (code.language === 'yaml' || code.language === 'json')
    return [...fromIndented(code.text), ...fromInline(code.text)]
  if (code.language === 'shell' || code.language === 'other')
    return [...fromInline(code.text), ...fromHeredocs(code.text)]
  return []
}

function fromEnv(text: string): Setting[] {
  const table = { name: '' }
  const settings: Setting[] = []
  const lines = /^[ \t]*\[([\w.-]+)\][ \t]*$/gm
  const tables = Array.from(text.matchAll(lines), (match) => ({ at: match.index, name: match[1] ?? '' }))
  for (const match of text.matchAll(ENV_LINE)) {
    table.name = tables.findLast(({ at }) => at < match.index)?.name ?? ''
    const key = match[1] ?? ''
    settings.push(make(match, table.name ? `${table.name}.${key}` : key, match[2] ?? ''))
  }
  return settings
}

function make(match: RegExpExecArray, path: string, raw: string): Setting {
  const end = match.index + match[0].length
  const at = match.index + match[0].lastIndexOf(raw)
  const quoted = /^["']/.test(raw) ? 1 : 0
  const from = raw === '' ? end : at + quoted
  return {
    path,
    value: raw.replaceAll(/^["']|["']$/g, '').trim(),
    from,
    to: from + raw.trim().length - 2 * quoted,
    lineFrom: match.index,
  }
}

/** YAML and pretty-printed JSON: the parents are the lines above with less indentation. */
function fromIndented(text: string): Setting[] {
  const settings: Setting[] = []
  const open: { indent: number; key: string }[] = []
  const pattern = new RegExp(YAML_LINE.source, 'gm')
  for (const match of text.matchAll(pattern)) {
    const indent = (match[1] ?? '').length + (match[2] ?? '').length
    while ((open.at(-1)?.indent ?? -1) >= indent) open.pop()
    const key = match[3] ?? ''
    const path = [...open.map((parent) => parent.key), key].join('.')
    const raw = (match[4] ?? '').trim()
    if (raw !== '' && !/^[[{|>]/.test(raw)) settings.push(make(match, path, raw))
    open.push({ indent, key })
    nameOfListEntry(text, match, settings)
  }
  return settings
}

/** Kubernetes writes `- name: KEY` and `value: "..."` on two lines: they are one setting. */
function nameOfListEntry(text: string, match: RegExpExecArray, settings: Setting[]): void {
  const last = settings.at(-1)
  const before = settings.at(-2)
  if (!last || !before || match[3] !== 'value' || !/(?:^|\.)name$/.test(before.path)) return
  if (text.slice(before.to, last.from).split('\n').length > 2) return
  settings[settings.length - 1] = { ...last, path: before.value }
}

function fromInline(text: string): Setting[] {
  return Array.from(text.matchAll(INLINE_ASSIGNMENT), (match) => make(match, match[1] ?? '', match[2] ?? ''))
}

function fromHeredocs(text: string): Setting[] {
  return /<<-?\s*['"]?\w+/.test(text) ? fromIndented(text) : []
}
