import { parseSync } from 'oxc-parser'
import { lineAt, type Mutant } from './mutant.ts'

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

type Change = Pick<Mutant, 'from' | 'to' | 'text' | 'about'>

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'

const OPPOSITES: Readonly<Record<string, readonly string[]>> = {
  '===': ['!=='],
  '!==': ['==='],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '&&': ['||'],
  '||': ['&&'],
  '??': ['&&'],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
}

/** Every mutant of a TypeScript source. Types, imports and the texts of errors are left alone. */
export function typescriptMutants(file: string, source: string): Mutant[] {
  const { program, errors } = parseSync(file, source)
  if (errors.length > 0) throw new Error(`mutants: ${file} does not parse: ${errors[0]?.message}`)
  const changes: Change[] = []
  visit(program as unknown as Node, null, source, changes)
  return changes.map((change) => ({ file, line: lineAt(source, change.from), ...change }))
}

/** Types that wrap a value; everything else that begins with TS holds none. */
const VALUES = new Set(['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression'])

function visit(node: Node, parent: Node | null, source: string, changes: Change[]): void {
  if (node.type.startsWith('TS') && !VALUES.has(node.type)) return
  if (node.type === 'ImportDeclaration' || isThrown(node)) return
  changes.push(...changesOf(node, parent, source))
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (isNode(child)) visit(child, node, source, changes)
    }
  }
}

/** `new SomeError(...)`: what it says is for people. */
function isThrown({ type, callee }: Node): boolean {
  return type === 'NewExpression' && isNode(callee) && /Error$|Unavailable$/.test(String(callee['name']))
}

function changesOf(node: Node, parent: Node | null, source: string): Change[] {
  switch (node.type) {
    case 'BinaryExpression':
    case 'LogicalExpression':
      return operators(node, source)
    case 'UnaryExpression':
      return node['operator'] === '!' ? [replace(node.start, node.start + 1, '', '! removed')] : []
    case 'IfStatement':
    case 'ConditionalExpression':
      return conditions(node)
    case 'ExpressionStatement':
      return [replace(node.start, node.end, ';', 'statement removed')]
    case 'Literal':
      return literals(node, parent)
    case 'ArrayExpression':
      return (node['elements'] as unknown[]).length > 0
        ? [replace(node.start, node.end, '[]', 'array emptied')]
        : []
    default:
      return []
  }
}

function operators(node: Node, source: string): Change[] {
  const operator = String(node['operator'])
  const { left, right } = node
  if (!isNode(left) || !isNode(right)) return []
  const from = source.indexOf(operator, left.end)
  if (from < 0 || from > right.start) return []
  return (OPPOSITES[operator] ?? []).map((other) =>
    replace(from, from + operator.length, other, `${operator} -> ${other}`),
  )
}

function conditions({ test }: Node): Change[] {
  if (!isNode(test)) return []
  return ['true', 'false'].map((value) => replace(test.start, test.end, value, `condition -> ${value}`))
}

function literals({ value, start, end }: Node, parent: Node | null): Change[] {
  if (typeof value === 'boolean') return [replace(start, end, String(!value), `${value} -> ${!value}`)]
  if (typeof value === 'number') return [replace(start, end, String(value + 1), `${value} -> ${value + 1}`)]
  const isDecisive = parent !== null && ['BinaryExpression', 'SwitchCase'].includes(parent.type)
  return typeof value === 'string' && isDecisive ? [replace(start, end, "''", `'${value}' -> ''`)] : []
}

const replace = (from: number, to: number, text: string, about: string): Change => ({ from, to, text, about })
