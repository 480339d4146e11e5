import type { Line } from './world.ts'

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g
const TEXT_MAX = 110

/** A run as a Mermaid sequence diagram; ids are numbered in the order in which they appear. */
export function sequenceDiagram(lines: readonly Line[]): string {
  const names = new Map<string, string>()
  const named = (uuid: string): string => {
    const name = names.get(uuid) ?? `id${names.size + 1}`
    names.set(uuid, name)
    return name
  }
  // A semicolon or a number sign would end the text for Mermaid.
  const textOf = (text: string): string =>
    text.replaceAll(UUID, named).replaceAll(/[;#]/g, ' ').slice(0, TEXT_MAX).trimEnd()
  const participants = [...new Set(lines.flatMap(({ from, to }) => [from, to]))]
  return [
    'sequenceDiagram',
    ...participants.map((name) => `  participant ${name}`),
    ...lines.map(({ atMs, from, to, text }) => `  ${from}->>${to}: ${Math.round(atMs)} ms: ${textOf(text)}`),
  ].join('\n')
}
