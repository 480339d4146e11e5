import type { Setting } from './settings.ts'

export interface SettingsSection {
  readonly title: string
  readonly settings: Readonly<Record<string, Setting<unknown>>>
}

/** The settings of all programs as a Markdown page, made from what the programs parse. */
export function settingsPage(sections: readonly SettingsSection[]): string {
  const parts = sections.map(({ title, settings }) => {
    const rows = Object.values(settings).map(
      ({ name, about, fallback }) =>
        `| \`${name}\` | ${about} | ${fallback === undefined ? '**needed**' : fallback === '' ? '' : `\`${fallback}\``} |`,
    )
    return [`## ${title}`, '', '| name | what for | default |', '|---|---|---|', ...rows].join('\n')
  })
  const head = [
    '# Settings',
    '',
    'From the environment. Every program reports all malformed settings at once and ends with exit code 2; an unknown',
    '`BATON_*` name is malformed too, so that a misspelt one is never silently off. This page is made from the source.',
  ].join('\n')
  return `${[head, ...parts].join('\n\n')}\n`
}
