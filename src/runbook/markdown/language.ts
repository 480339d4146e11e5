import type { Language } from './code-block.ts'

const BY_TAG: Readonly<Record<string, Language>> = {
  php: 'php',
  'php-inline': 'php',
  laravel: 'php',
  blade: 'php',
  go: 'go',
  golang: 'go',
  sql: 'sql',
  mysql: 'sql',
  pgsql: 'sql',
  psql: 'sql',
  postgres: 'sql',
  postgresql: 'sql',
  plsql: 'sql',
  sqlite: 'sql',
  sh: 'shell',
  bash: 'shell',
  shell: 'shell',
  zsh: 'shell',
  console: 'shell',
  'shell-session': 'shell',
  'sh-session': 'shell',
  fish: 'shell',
  terminal: 'shell',
  json: 'json',
  jsonc: 'json',
  json5: 'json',
  yaml: 'yaml',
  yml: 'yaml',
  env: 'env',
  dotenv: 'env',
  ini: 'env',
  properties: 'env',
  toml: 'env',
  conf: 'env',
  cfg: 'env',
}

const BY_EXTENSION: Readonly<Record<string, Language>> = {
  php: 'php',
  go: 'go',
  sql: 'sql',
  sh: 'shell',
  json: 'json',
  yaml: 'yaml',
  yml: 'yaml',
  env: 'env',
  ini: 'env',
  toml: 'env',
}

export function languageOfTag(info: string): Language | null {
  const tag = /^\{?\s*\.?(?:language-)?([\w+#-]+)/.exec(info.trim().toLowerCase())?.[1]
  return tag ? (BY_TAG[tag] ?? null) : null
}

export function languageOfPath(path: string): Language | null {
  const extension = /\.(\w+)\s*$/.exec(path)?.[1]?.toLowerCase()
  return extension ? (BY_EXTENSION[extension] ?? null) : null
}

const SIGNS: readonly (readonly [Language, RegExp])[] = [
  ['php', /<\?php|\$this->|\$\w+\s*(?:=[^=]|->|\[)|\w::\w+\(|\bfunction\s+\w+\s*\([^)]*\$/],
  ['go', /^\s*(?:package \w+|func\s*[(\w])|:=|\bcase\s+\w+\.DryRun|\bif\s+!?\w+\.DryRun\s*\{/m],
  [
    'sql',
    /^\s*(?:--[^\n]*\n\s*)*(?:select|insert\s+into|update\s+\w|delete\s+from|create\s+(?:or\s+replace\s+)?(?:table|role|index|function|trigger|rule|event|procedure|(?:materialized\s+)?view)|grant|revoke|alter\s+table|with\s+\w+\s+as)\b/i,
  ],
  ['json', /^\s*[[{]\s*["{[]/],
  ['shell', /^\s*(?:\$ |# |sudo |curl |kubectl |docker |git |make |php artisan|helm |ssh |for \w+ in )/m],
  ['env', /^\s*[A-Z][A-Z0-9_]{2,}\s*=/m],
  ['yaml', /^\s*(?:- )?[\w.-]+:(?:\s|$)/m],
]

/** The language of a block by its tag, else by what it looks like. */
export function languageOf(info: string, text: string): Language {
  const tagged = languageOfTag(info)
  if (tagged) return tagged
  const head = text.slice(0, 4000)
  if (info.trim() !== '' && !/^(?:text|txt|plain|plaintext|pseudo\w*|code|none)\b/i.test(info.trim()))
    return 'other'
  return SIGNS.find(([, sign]) => sign.test(head))?.[0] ?? 'other'
}
