import { ancestors, contains, textOf, within, type CodeNode, type Tree } from '../code/node.ts'
import type { Entities } from './entities.ts'
import { dryRunPattern } from './dry-run.ts'
import { modeContext } from './mode-context.ts'

const SEND_NAME =
  /^(?:send|submit|dispatch|push|deliver|post|transmit|publish|enqueue|forward|relay|emit|notify|queue|hand_?over|hand_?off|fire|transfer|pass|handle|execute|process|accept|create_?message|message|sms|shoot|call|route|run|invoke|perform|__invoke|mirror|copy|probe|shadow|submit_?sms|send_?sms)(?:_?(?:now|sync|async|one|message|sms|text|batch|single|all|via|to|by|through|with|dry|real|shadow|legacy|go|old)\w*)*$/i
const SEND_SUFFIX = /(?:send|dispatch|submit|deliver|push|post)$/i
const NOT_A_SEND =
  /\b(?:log|logger|cache|event|events|queue|bus|response|request|router|route|redis|metrics|report|validator|view|session|auth|user|mail|pusher|broadcast|artisan|str|arr|db|schema|http\.error|json|metric|counter|statsd|tracer|span)\b/i
const LEGACY_WORD = /^(?:legacy|old|sidecar|fallback|classic|previous|smpp|soap|inhouse|native|monolith)$/
const GO_WORD = /^(?:go|golang|messaging|remote|gosvc|msgsvc|gms)$/

/** The lower-case words an identifier is made of. */
export function wordsOf(identifier: string): string[] {
  return identifier
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word !== '' && word !== 'this')
}

export function isSendLike(call: CodeNode): boolean {
  if (!(SEND_NAME.test(call.name) || SEND_SUFFIX.test(call.name))) return false
  const receiver = wordsOf(call.callee.slice(0, -call.name.length)).join(' ')
  return !NOT_A_SEND.test(receiver)
}

const RECORDS =
  /^(?:insert|update|upsert|create|save|store|record|log|add|append|put|set|find|get|where|mark|write|info|debug|notice|warn|error|remember|forget|attach|sync|merge|incr|decr|count|report|track|audit|note|register|lock|reserve|equal|compare|valid|normal|format|map|with|make|new|eintrag|speicher|notier|enregistr|ajout|noter|journal|guard)/i

/** A call that is handed an id, a number and a text: a sender, in whatever language its method is named. */
export function carriesMessage(tree: Tree, call: CodeNode): boolean {
  if (call.kind !== 'call' || call.args.length < 3 || RECORDS.test(call.name)) return false
  if (!/^\$.*->\w+$/.test(call.callee)) return false
  const receiver = wordsOf(call.callee.slice(0, -call.name.length)).join(' ')
  return (
    !NOT_A_SEND.test(receiver) &&
    call.args.some((argument) => /^\$[^,()]*(?:uuid|guid|message_?id)[^,()]*$/i.test(textOf(tree, argument)))
  )
}

/** The argument that says whether a call is a dry run: named, in an array, or null. */
export function dryRunArgument(tree: Tree, call: CodeNode, dryRun: RegExp): CodeNode | null {
  for (const argument of call.args) {
    const pair = argument.kind === 'pair' ? argument : undefined
    if (pair && dryRun.test(pair.name)) return pair
    const nested = within(tree, argument, 'pair').find((inner) => dryRun.test(inner.name))
    if (nested) return nested
  }
  return null
}

export type Role = 'go' | 'legacy'

/** Which callees of the Laravel code mean the Go service and which the legacy driver, over the whole runbook. */
export interface Roles {
  /** What the runbook calls the dry run. */
  readonly dryRun: RegExp
  /** Properties that hold the legacy driver, e.g. `oldDriver` of `$this->oldDriver->send`. */
  readonly legacyProperties: readonly string[]
  readonly roleOf: (tree: Tree, call: CodeNode) => Role | null
}

export function findRoles(trees: readonly Tree[], entities: Entities): Roles {
  const known = new Map<string, Role>()
  const names = entities.goNames.flatMap((name) => [name.toLowerCase(), wordsOf(name)[0] ?? ''])
  const goWords = new Set(names.filter((word) => word.length > 2 && word !== 'sms'))
  const dryRun = dryRunPattern(trees)
  const clientMethods = methodsWithDryRun(trees, dryRun)
  const roleByShape: Roles['roleOf'] = (tree, call) => {
    if (isSendLike(call)) return roleByWords(tree, call, goWords, dryRun)
    return takesDryRun(call, dryRun) || isClientMethod(call, clientMethods) ? 'go' : null
  }
  for (const tree of trees) learnFromShape(tree, known, roleByShape)
  for (const tree of trees) learnFromArms(tree, known)
  const roleOf = (tree: Tree, call: CodeNode): Role | null =>
    call.kind === 'call' ? (known.get(call.callee) ?? roleByShape(tree, call)) : null
  const legacyProperties = Array.from(known)
    .filter(([, role]) => role === 'legacy')
    .flatMap(([callee]) => /^\$(?:this->)?(\w+)->\w+$/.exec(callee)?.[1] ?? [])
  return { dryRun, legacyProperties, roleOf }
}

/** Methods of the runbook's own classes that are told whether to run dry. */
function methodsWithDryRun(trees: readonly Tree[], dryRun: RegExp): ReadonlySet<string> {
  const methods = new Set<string>()
  for (const tree of trees) {
    for (const node of tree.nodes) {
      if (node.kind === 'function' && node.head && dryRun.test(textOf(tree, node.head)))
        methods.add(node.name)
    }
  }
  return methods
}

function isClientMethod(call: CodeNode, methods: ReadonlySet<string>): boolean {
  const words = wordsOf(call.callee)
  return (
    methods.has(call.name) && call.callee.startsWith('$') && !words.some((word) => LEGACY_WORD.test(word))
  )
}

function roleByWords(tree: Tree, call: CodeNode, goWords: ReadonlySet<string>, dryRun: RegExp): Role | null {
  const words = wordsOf(call.callee)
  if (words.some((word) => LEGACY_WORD.test(word))) return 'legacy'
  if (dryRunArgument(tree, call, dryRun)) return 'go'
  if (words.some((word) => GO_WORD.test(word) || goWords.has(word))) return 'go'
  if (/^\$(?:this->)?(?:\w*[gG]ateway|\w*[cC]lient|\w*[mM]essenger)->/.test(call.callee)) return 'go'
  return null
}

/** Whatever a client's method is called: what is told whether to run dry calls the Go service. */
export function takesDryRun(call: CodeNode, dryRun: RegExp = /dry_?-?run/i): boolean {
  return (
    /^\$(?:this->)?\w+->\w+$/.test(call.callee) &&
    call.args.some((argument) => argument.kind === 'pair' && dryRun.test(argument.name))
  )
}

function learnFromShape(tree: Tree, known: Map<string, Role>, roleByShape: Roles['roleOf']): void {
  for (const call of tree.nodes) {
    if (call.kind !== 'call' || known.has(call.callee) || /^Http::|\bcurl_/.test(call.callee)) continue
    const role = roleByShape(tree, call)
    if (role) known.set(call.callee, role)
  }
}

/** What `OFF` sends with is the legacy driver; what else `SHADOW` and `ON` send with is the Go service. */
function learnFromArms(tree: Tree, known: Map<string, Role>): void {
  const local = new Set(
    tree.nodes
      .filter(
        (node) =>
          node.kind === 'function' &&
          node.body &&
          tree.nodes.some(
            (inner) => inner.kind === 'call' && contains(node, inner) && known.has(inner.callee),
          ),
      )
      .map(({ name }) => name),
  )
  const unknown = tree.nodes.filter(
    (node) =>
      node.kind === 'call' &&
      !known.has(node.callee) &&
      (isSendLike(node) || carriesMessage(tree, node)) &&
      !isNested(node) &&
      !(local.has(node.name) && /^\$this->\w+$/.test(node.callee)),
  )
  const placed = unknown
    .map((call) => ({ call, context: modeContext(tree, call) }))
    .filter(({ context }) => context.isExplicit)
  for (const { call, context } of placed)
    if (isOnlyOff(context.modes) && (isSendLike(call) || !sendsInOff(tree, known, placed)))
      known.set(call.callee, 'legacy')
  for (const { call, context } of placed) {
    if (known.has(call.callee) || !isSendLike(call) || context.modes.has('OFF') || context.modes.size === 0)
      continue
    if (call.callee.startsWith('$')) known.set(call.callee, 'go')
  }
}

function isOnlyOff(modes: ReadonlySet<string>): boolean {
  return modes.size === 1 && modes.has('OFF')
}

/** Whether a legacy driver of OFF is known already; then another call there is its bookkeeping. */
function sendsInOff(
  tree: Tree,
  known: ReadonlyMap<string, Role>,
  placed: readonly { call: CodeNode; context: { modes: ReadonlySet<string> } }[],
): boolean {
  return (
    placed.some(({ call, context }) => isOnlyOff(context.modes) && known.get(call.callee) === 'legacy') ||
    tree.nodes.some(
      (node) =>
        node.kind === 'call' &&
        known.get(node.callee) === 'legacy' &&
        isOnlyOff(modeContext(tree, node).modes),
    )
  )
}

/** An argument's call is part of another one, not a step of its own. */
function isNested(call: CodeNode): boolean {
  for (const at of ancestors(call)) {
    if (at.kind === 'call') return isSendLike(at)
    if (at.kind === 'block' || at.kind === 'case') return false
  }
  return false
}

const UUID_CALL =
  /(?:^|\\|\b)(?:Str::(?:uuid7?|orderedUuid|ulid)|(?:Ramsey\\Uuid\\)?Uuid::(?:uuid[1-8]|v[1-8]|random|create|generate|new\w*)|Uuid[V]?[1-8]?::generate|Ulid::generate|(?:new )?(?:Ulid|UuidV[47])|uuid_create|uuid_generate\w*|uniqid|com_create_guid|uuid\.(?:New\w*|Must)|guuid\.New\w*|ulid\.(?:Make|MustNew|New)|xid\.New|ksuid\.New|shortuuid\.New|(?:\$this->)?(?:new|next|make|generate|create|fresh|mint)_?(?:message_?)?(?:uuid|guid|messageid)|(?:\$?[\w>-]*)(?:uuids?|ids?|idGenerator|uuidGenerator|uuidFactory|generator)(?:->|\.)(?:generate|next|make|new|create|uuid\d?|v\d|fresh|mint))$/i

export function isUuidCall(call: CodeNode): boolean {
  return (
    call.kind === 'call' &&
    (UUID_CALL.test(call.callee.trim()) ||
      UUID_CALL.test(call.callee.replace(/(?:->|\.)(?:toString|String|__toString|toRfc4122)$/, '')))
  )
}

/** The expression that holds a uuid call with its cast and its conversion to a string. */
export function uuidExpression(tree: Tree, call: CodeNode): { from: number; to: number } {
  let { from, to } = call
  let outer = call
  for (const at of ancestors(call)) {
    if (
      at.kind !== 'call' ||
      at.from !== outer.from ||
      !/(?:toString|String|__toString|Must|toRfc4122)$/.test(at.callee)
    )
      break
    outer = at
    to = at.to
  }
  if (
    outer.parent?.kind === 'other' &&
    outer.parent.parent?.callee.endsWith('uuid.Must') &&
    outer.parent.parent
  ) {
    from = outer.parent.parent.from
    to = outer.parent.parent.to
  }
  const cast = /\(\s*string\s*\)\s*$/.exec(tree.text.slice(Math.max(0, from - 16), from))
  if (cast) from -= cast[0].length
  const wrap = /\bstrval\(\s*$/.exec(tree.text.slice(Math.max(0, from - 12), from))
  if (wrap && tree.text.slice(to).startsWith(')')) return { from: from - wrap[0].length, to: to + 1 }
  return { from, to }
}
