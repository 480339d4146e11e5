import { textOf } from '../code/node.ts'
import { curlHandle, curlOpening } from '../facts/curl-calls.ts'
import type { Facts } from '../facts/facts.ts'
import { goHttpCalls, type HttpCall } from '../facts/http-calls.ts'
import { cutsFractions } from '../facts/subject.ts'
import type { Problem, Rule } from '../finding.ts'
import { indentAt, insertBefore, manual, replaceCode, safe } from '../fixes/edits.ts'
import { lineFromInCode } from '../fixes/edits.ts'
import { docSpan } from './scan.ts'

const MESSAGE = 'The call to the Go service sets no timeout; it has to end after 500 ms'

function check(facts: Facts): Problem[] {
  return goHttpCalls(facts)
    .filter(({ timeout }) => timeout === null)
    .map((http) => ({ ...docSpan(http.fact.code, headOf(http)), message: MESSAGE, fix: fixOf(facts, http) }))
}

/** The line the call begins on; a handle is seen from where it is opened, as its options stand there. */
function headOf({ fact, call, library }: HttpCall): { from: number; to: number } {
  const end = fact.code.text.indexOf('\n', call.from)
  const opened = library === 'curl' ? curlOpening(fact.tree, call) : null
  return { from: opened?.from ?? call.from, to: end < 0 ? call.to : Math.min(end, call.to) }
}

/** The brief's literal alone waits for ever before Laravel 11.35.1; with the option it ends on every version. */
export function laravelTimeout(facts: Facts): string {
  const version = facts.subject.laravelVersion
  const isHonoured = version !== null && !cutsFractions(version)
  return isHonoured
    ? 'timeout(0.5)'
    : "timeout(0.5)->withOptions(['timeout' => 0.5, 'connect_timeout' => 0.5])"
}

function fixOf(facts: Facts, http: HttpCall): Problem['fix'] {
  const { fact, call, library } = http
  const { code, tree } = fact
  const { source } = facts.document
  if (library === 'curl') {
    const handle = curlHandle(tree, call)
    if (!handle) return manual('Set CURLOPT_TIMEOUT_MS to 500.')
    const line = `${indentAt(code, call.from)}curl_setopt(${handle}, CURLOPT_TIMEOUT_MS, 500);`
    return safe(
      [insertBefore(source, code, lineFromInCode(code, call.from), [line])],
      'Set CURLOPT_TIMEOUT_MS to 500.',
    )
  }
  if (library === 'laravel') return fixLaravel(facts, http)
  return fixGuzzle(facts, http)
}

function fixLaravel(facts: Facts, { fact, call }: HttpCall): Problem['fix'] {
  const { code } = fact
  const { source } = facts.document
  const wanted = laravelTimeout(facts)
  const advice = `Call Http::${wanted} first.`
  const facade = /^\\?(?:\w+\\)*Http::/.exec(code.text.slice(call.from, call.to))?.[0]
  if (facade)
    return safe(
      replaceCode(source, code, call.from + facade.length, call.from + facade.length, `${wanted}->`),
      advice,
    )
  const head = /^\$(?:this->)?\w+/.exec(code.text.slice(call.from, call.to))?.[0]
  if (!head) return manual(advice)
  const at = call.from + head.length
  const indent = /^\s*\n\s*(?=->)/.exec(code.text.slice(at, call.to))?.[0] ?? ''
  return safe(replaceCode(source, code, at, at, `${indent}->${wanted}`), advice)
}

function fixGuzzle(facts: Facts, { fact, call }: HttpCall): Problem['fix'] {
  const { code, tree } = fact
  const { source } = facts.document
  // Symfony's `timeout` is the idle time; its `max_duration` is the whole call's.
  const option = /HttpClientInterface|HttpClient::create/.test(code.text)
    ? "'max_duration' => 0.5"
    : "'timeout' => 0.5"
  const advice = `Add ${option} to the options of the call.`
  const options = call.args.findLast((argument) => textOf(tree, argument).startsWith('['))
  if (!options) {
    const last = call.args.at(-1)
    return last ? safe(replaceCode(source, code, last.to, last.to, `, [${option}]`), advice) : manual(advice)
  }
  const inner = code.text.slice(options.from + 1, options.to - 1)
  const lineBreak = /^\s*\n([ \t]*)/.exec(inner)
  if (!lineBreak)
    return safe(
      replaceCode(
        source,
        code,
        options.from + 1,
        options.from + 1,
        inner.trim() === '' ? option : `${option}, `,
      ),
      advice,
    )
  const first = options.from + 1 + lineBreak[0].length
  return safe([insertBefore(source, code, first, [`${lineBreak[1] ?? ''}${option},`])], advice)
}

export const timeoutMissing: Rule = {
  id: 'timeout-missing',
  title: 'The call to the Go service has no timeout',
  invariant: 1,
  demands: 'Every call to the Go service has an explicit timeout of 500 ms.',
  breaks: [
    "Http::baseUrl(config('messaging.url'))->post('/v1/messages', [...])",
    "$this->guzzle->post($url, ['json' => [...]])",
  ],
  looksOnlySo: [
    "->withOptions(['timeout' => 0.5])",
    'a client that is built with the timeout elsewhere in the runbook',
    'a health probe',
  ],
  fixedBy:
    'Http::timeout(0.5) in front of the chain (with the option beside it on Laravel before 11.35.1), or the option of Guzzle or cURL.',
  check,
}
