import { contains, enclosing, textOf, type CodeNode, type Tree } from '../code/node.ts'
import type { Facts } from './facts.ts'
import type { HttpCall, TimeoutPlace } from './http-calls.ts'

/** Plain cURL: the handle's options decide. */
export function curlCalls(facts: Facts, fact: HttpCall['fact'], isService: ServiceTest): HttpCall[] {
  const { tree } = fact
  return tree.nodes
    .filter((node) => node.kind === 'call' && /^curl_(?:exec|multi_add_handle)$/.test(node.name))
    .flatMap((call) => {
      const owner = enclosing(call, 'function') ?? tree.root
      const text = textOf(tree, owner)
      const opened = curlOpening(tree, call)
      if (!isService(facts, text, opened ? textOf(tree, opened) : '')) return []
      const option = /CURLOPT_TIMEOUT(_MS)?\s*(?:=>|,)\s*([\w.:>$()'-]+)/.exec(text)
      const from = option ? owner.from + option.index + option[0].length - (option[2]?.length ?? 0) : 0
      const value = (option?.[2] ?? '').replace(/\)+$/, '')
      const timeout: TimeoutPlace | null = option
        ? { fact, from, to: from + value.length, unit: option[1] ? 'ms' : 's', text: value, isOption: true }
        : null
      return [{ fact, call, library: 'curl' as const, timeout }]
    })
}

/** Whether a function's text, or the URL its handle is opened with, goes to the Go service. */
export type ServiceTest = (facts: Facts, text: string, opening: string) => boolean

/** The variable of the handle that a call runs. */
export function curlHandle(tree: Tree, call: CodeNode): string | null {
  return /curl_(?:exec\s*\(|multi_add_handle\s*\([^,]*,)\s*(\$\w+)/.exec(textOf(tree, call))?.[1] ?? null
}

/** Where the handle of a call is opened in its function, or null. */
export function curlOpening(tree: Tree, call: CodeNode): CodeNode | null {
  const handle = curlHandle(tree, call)
  const owner = enclosing(call, 'function') ?? tree.root
  return (
    tree.nodes.findLast(
      (node) =>
        node.kind === 'assign' &&
        node.name === handle &&
        node.from < call.from &&
        contains(owner, node) &&
        /\bcurl_init\b/.test(textOf(tree, node)),
    ) ?? null
  )
}
