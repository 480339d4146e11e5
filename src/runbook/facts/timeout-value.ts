import type { CodeFact, Facts } from './facts.ts'
import type { TimeoutPlace } from './http-calls.ts'

/** Where a timeout's figure stands in the end, and what it is. */
export interface Resolved {
  readonly fact: CodeFact
  readonly from: number
  readonly to: number
  readonly ms: number
  readonly unit: 's' | 'ms'
}

/** Follows a constant or a configuration key to the figure; null where the runbook does not show it. */
export function resolveTimeout(facts: Facts, place: TimeoutPlace): Resolved | null {
  const literal = literalMs(place.text, place.unit)
  if (literal !== null)
    return { fact: place.fact, from: place.from, to: place.to, ms: literal, unit: place.unit }
  const fallback = /^(?:\(\s*float\s*\)\s*)?(?:config|env)\(\s*['"]([\w.]+)['"]\s*,\s*([\d._]+)\s*\)$/.exec(
    place.text.trim(),
  )
  if (fallback) return defaultValue(place, fallback[1] ?? '', fallback[2] ?? '')
  const constant =
    /^(?:self|static|\w+)::([A-Z_]\w*)$/.exec(place.text.trim())?.[1] ??
    /^\$this->(\w*[tT]imeout\w*)$/.exec(place.text.trim())?.[1]
  return constant ? constantValue(facts, constant, place.unit) : null
}

/** The figure that `config('key', 2)` falls back to; a key in milliseconds is divided elsewhere. */
function defaultValue(place: TimeoutPlace, key: string, figure: string): Resolved | null {
  if (/ms$|millis/i.test(key)) return null
  const to = place.to - (place.text.length - place.text.lastIndexOf(figure)) + figure.length
  return {
    fact: place.fact,
    from: to - figure.length,
    to,
    ms: Number(figure.replaceAll('_', '')) * (place.unit === 's' ? 1000 : 1),
    unit: place.unit,
  }
}

function literalMs(text: string, unit: 's' | 'ms'): number | null {
  const plain = text
    .trim()
    .replaceAll('_', '')
    .replace(/^\(\s*(?:float|int)\s*\)\s*/, '')
  const quotient = /^(\d+)\s*\/\s*1000(?:\.0)?$/.exec(plain)
  if (quotient) return Number(quotient[1])
  if (!/^(?:\d+\.?\d*|\.\d+)$/.test(plain)) return null
  return Number(plain) * (unit === 's' ? 1000 : 1)
}

function constantValue(facts: Facts, name: string, unit: 's' | 'ms'): Resolved | null {
  const pattern = new RegExp(String.raw`(?:const\s+(?:\w+\s+)?${name}|\$${name}|\b${name})\s*=\s*([\d._]+)`)
  for (const fact of facts.codes) {
    const match = fact.code.language === 'php' && fact.instructs ? pattern.exec(fact.code.text) : null
    if (!match) continue
    const figure = match[1] ?? ''
    const ownUnit = /_MS$|Ms$|MILLIS/.test(name) ? 'ms' : unit
    const to = match.index + match[0].length
    const ms = Number(figure.replaceAll('_', '')) * (ownUnit === 's' ? 1000 : 1)
    return { fact, from: to - figure.length, to, ms, unit: ownUnit }
  }
  return null
}
