import type { CodeFact, Facts } from '../facts/facts.ts'
import { is500 } from '../facts/duration.ts'
import { goHttpCalls } from '../facts/http-calls.ts'
import { resolveTimeout } from '../facts/timeout-value.ts'
import { cutsFractions } from '../facts/subject.ts'
import type { Problem, Rule } from '../finding.ts'
import { replaceCode, safe } from '../fixes/edits.ts'
import { docSpan } from './scan.ts'
import { timeoutMessage } from './timeout-message.ts'
import { timeoutInPhpConfig, timeoutInSettings } from './timeout-settings.ts'
import { timeoutInProse } from './timeout-prose.ts'
import { laravelTimeout } from './timeout-missing.ts'

function inCode(facts: Facts): Problem[] {
  const seen = new Set<string>()
  return goHttpCalls(facts).flatMap(({ timeout, library }) => {
    const value = timeout && resolveTimeout(facts, timeout)
    if (!timeout || !value || is500(value.ms)) return []
    const span = docSpan(value.fact.code, value)
    if (seen.has(`${span.from}`)) return []
    seen.add(`${span.from}`)
    const isLaravelCall = library === 'laravel' && !timeout.isOption && value.from === timeout.from
    return [
      { ...span, message: timeoutMessage(value.ms), fix: fixOf(facts, value.fact, value, isLaravelCall) },
    ]
  })
}

function fixOf(
  facts: Facts,
  { code }: CodeFact,
  value: { from: number; to: number; unit: 's' | 'ms' },
  isLaravelCall: boolean,
): Problem['fix'] {
  const { source } = facts.document
  const option = /CURLOPT_TIMEOUT(?=\s*(?:,|=>)\s*$)/.exec(
    code.text.slice(Math.max(0, value.from - 24), value.from),
  )
  if (option) {
    const at = Math.max(0, value.from - 24) + option.index
    return safe(
      replaceCode(
        source,
        code,
        at,
        value.to,
        `${code.text.slice(at, value.from).replace('CURLOPT_TIMEOUT', 'CURLOPT_TIMEOUT_MS')}500`,
      ),
      'Write CURLOPT_TIMEOUT_MS, 500.',
    )
  }
  const version = facts.subject.laravelVersion
  const needsOption = isLaravelCall && (version === null || cutsFractions(version))
  if (needsOption && code.text[value.to] === ')') {
    const text = laravelTimeout(facts).replace(/^timeout\(/, '')
    return safe(
      replaceCode(source, code, value.from, value.to + 1, text),
      `Write ->${laravelTimeout(facts)}.`,
    )
  }
  return safe(
    replaceCode(source, code, value.from, value.to, value.unit === 's' ? '0.5' : '500'),
    'Set it to 500 ms.',
  )
}

const CURL_LIMIT = /(?:--max-time|-m)[ =]+([\d.]+)/g

/** A message posted by hand obeys the same limit. */
function inShell(facts: Facts): Problem[] {
  return facts.codes
    .filter(({ code, instructs }) => instructs && code.language === 'shell')
    .flatMap(({ code }) =>
      Array.from(code.text.matchAll(CURL_LIMIT)).flatMap((match) => {
        const command = commandAround(code.text, match.index)
        const seconds = Number(match[1])
        if (!/\bcurl\b/.test(command) || !/message_uuid|dry_run/.test(command) || is500(seconds * 1000))
          return []
        const to = match.index + match[0].length
        const from = to - (match[1] ?? '').length
        return [
          {
            ...docSpan(code, { from: match.index, to }),
            message: timeoutMessage(seconds * 1000),
            fix: safe(replaceCode(facts.document.source, code, from, to, '0.5'), 'Write --max-time 0.5.'),
          },
        ]
      }),
    )
}

/** A command with its continuation lines and a quoted body. */
function commandAround(text: string, at: number): string {
  const from = Math.max(
    text.lastIndexOf('\ncurl', at),
    text.lastIndexOf('\n$ curl', at),
    text.lastIndexOf('\n  curl', at),
    0,
  )
  const rest = text.slice(from)
  const end = /\n(?=\s*(?:\w+=|\$ |#|kubectl|php|curl|sleep|sudo|docker)\b)/.exec(rest.slice(at - from))
  return end ? rest.slice(0, at - from + end.index) : rest
}

export const timeoutWrong: Rule = {
  id: 'timeout-wrong',
  title: 'The timeout of the call to the Go service is not 500 ms',
  invariant: 1,
  demands: 'The call to the Go service ends after 500 ms: in code, in configuration and in prose.',
  breaks: [
    'Http::timeout(2)',
    'Http::timeout(500) (these are seconds)',
    'MESSAGING_TIMEOUT_MS=1500',
    'Laravel waits up to 2 seconds for the service.',
  ],
  looksOnlySo: [
    'limits of other links: the probe, the deploy, Go to the provider, the listener',
    'the latency that a test injects',
    'timeout=0.5, 500ms, 500 / 1000',
  ],
  fixedBy: 'The figure is replaced, in the unit in which it is written.',
  check: (facts) => [
    ...inCode(facts),
    ...timeoutInSettings(facts),
    ...timeoutInPhpConfig(facts),
    ...inShell(facts),
    ...timeoutInProse(facts),
  ],
}
