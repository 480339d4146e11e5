import { is500 } from '../facts/duration.ts'
import { mentions } from '../facts/entities.ts'
import type { CodeFact, Facts } from '../facts/facts.ts'
import { goHttpCalls } from '../facts/http-calls.ts'
import type { Problem } from '../finding.ts'
import { replaceCode, safe } from '../fixes/edits.ts'
import { docSpan } from './scan.ts'
import { timeoutMessage } from './timeout-message.ts'

const TIMEOUT_KEY = /time_?-?out|max_?-?time(?!stamp)|deadline|max_?-?duration|budget_?ms/i
const OTHER_LINK =
  /read_?header|readtimeout|writetimeout|idle|server|provider|probe|health|liveness|readiness|scrape|proxy|ingress|nginx|deploy|rollout|helm|lock|queue|worker|job|retry_?after|visibility|(?:^|[_.-])db|database|redis|cache|statement|shutdown|graceful|terminat|drain|keep_?alive|session|dns|handset|smpp|soap|twilio|vendor|upstream|aggregator|legacy|sidecar|initial_?delay|period|interval|socket|connect_?timeout|breaker|circuit|open_?state|reset|cooldown|half_?open|test|ci\b|build|php\b|fpm|max_execution|horizon|supervisor|kafka|amqp|rabbit|smtp|mail|dial/i

/** Keys of configuration that set the limit of the call from Laravel to the Go service. */
export function timeoutInSettings(facts: Facts): Problem[] {
  return facts.codes
    .filter(({ instructs }) => instructs)
    .flatMap((fact) =>
      fact.settings.flatMap((setting) => {
        const key = setting.path.split('.').at(-1) ?? ''
        if (
          !TIMEOUT_KEY.test(key) ||
          OTHER_LINK.test(setting.path.replace(/\b(?:services?|microservices?)\b/gi, '')) ||
          !isToGo(facts, fact, setting.path)
        )
          return []
        const value = settingMs(key, setting.value)
        if (value === null || is500(value.ms)) return []
        const edits = replaceCode(facts.document.source, fact.code, setting.from, setting.to, value.right)
        return [
          {
            ...docSpan(fact.code, setting),
            message: timeoutMessage(value.ms),
            fix: safe(edits, `Set it to ${value.right}.`),
          },
        ]
      }),
    )
}

function isToGo(facts: Facts, fact: CodeFact, path: string): boolean {
  const spaced = path.replaceAll(/[._-]/g, ' ')
  const names = facts.entities.goNames
    .map((name) => name.toLowerCase().split(/[-_.]/)[0] ?? '')
    .filter((name) => name.length > 2 && name !== 'sms')
  const words = spaced.toLowerCase()
  if (
    /\b(?:go|golang|messaging|gosvc|fallback)\b/.test(words) ||
    names.some((name) => words.split(/\s+/).includes(name))
  )
    return fact.side !== 'go' || /client|call|fallback/i.test(path)
  if (fact.side === 'go') return false
  return (
    /^(?:\w+ )?(?:timeout|http timeout|client timeout|request timeout|timeout ms)$/i.test(spaced) &&
    mentions(facts.entities.go, fact.lead)
  )
}

function settingMs(key: string, raw: string): { ms: number; right: string } | null {
  const match = /^([\d.,_]+)\s*(ms|msec|milliseconds?|s|secs?|seconds?)?$/i.exec(raw)
  if (!match) return null
  const figure = Number((match[1] ?? '').replaceAll('_', '').replace(',', '.'))
  if (!Number.isFinite(figure)) return null
  const unit = match[2]?.toLowerCase()
  if (unit?.startsWith('m')) return { ms: figure, right: `500${raw.slice((match[1] ?? '').length)}` }
  if (unit) return { ms: figure * 1000, right: `0.5${raw.slice((match[1] ?? '').length)}` }
  if (/_?ms$|millis/i.test(key)) return { ms: figure, right: '500' }
  if (/_?(?:s|sec|secs|seconds)$/i.test(key.replace(/timeouts?$/i, '')))
    return { ms: figure * 1000, right: '0.5' }
  return figure >= 50 ? { ms: figure, right: '500' } : { ms: figure * 1000, right: '0.5' }
}

/** `'timeout' => 2` in the part of a PHP configuration that is about the Go service. */
export function timeoutInPhpConfig(facts: Facts): Problem[] {
  const calls = goHttpCalls(facts)
  return facts.codes.flatMap((fact) => {
    const { code, tree, instructs } = fact
    if (!instructs || !tree || code.language !== 'php' || calls.some((http) => http.fact.code === code))
      return []
    return tree.nodes
      .filter((node) => node.kind === 'pair' && TIMEOUT_KEY.test(node.name) && node.value !== null)
      .flatMap((pair) => {
        const path = pathOf(pair)
        if (
          !pair.value ||
          OTHER_LINK.test(path) ||
          !isToGo(facts, fact, `${path}.${envName(code.text, pair)}`)
        )
          return []
        const figure = figureIn(code.text, pair.value)
        const value = figure && settingMs(figure.key ?? pair.name, code.text.slice(figure.from, figure.to))
        if (!figure || !value || is500(value.ms)) return []
        return [
          {
            ...docSpan(code, pair),
            message: timeoutMessage(value.ms),
            fix: safe(
              replaceCode(facts.document.source, code, figure.from, figure.to, value.right),
              `Set it to ${value.right}.`,
            ),
          },
        ]
      })
  })
}

function pathOf(pair: { name: string; parent: unknown }): string {
  const names: string[] = []
  for (
    let at = pair as { kind?: string; name: string; parent: unknown } | null;
    at;
    at = at.parent as typeof at
  )
    if (at === pair || at.kind === 'pair') names.unshift(at.name)
  return names.join('.')
}

function envName(text: string, pair: { from: number; to: number }): string {
  return /env\(\s*['"](\w+)['"]/.exec(text.slice(pair.from, pair.to))?.[1] ?? ''
}

/** A plain figure, or the default of env(). */
function figureIn(
  text: string,
  value: { from: number; to: number },
): { from: number; to: number; key: string | null } | null {
  const raw = text.slice(value.from, value.to)
  const env = /env\(\s*['"](\w+)['"]\s*,\s*([\d._]+)\s*\)/.exec(raw)
  if (env) {
    const at = value.from + env.index + env[0].lastIndexOf(env[2] ?? '')
    return { from: at, to: at + (env[2] ?? '').length, key: env[1] ?? null }
  }
  return /^[\d._]+$/.test(raw.trim()) ? { from: value.from, to: value.to, key: null } : null
}
