import { textOf, type Tree } from '../code/node.ts'

const DRY_RUN = String.raw`dry_?-?run`
/** Names that mean a dry run where they carry a plain true or false. */
const SYNONYM =
  /^(?:dry|(?:is_?)?(?:probe|trial|simulat\w*|rehears\w*|essai\w*|prueba|prova|test_?(?:only|run|mode)|no_?send|shadow(?:_?(?:run|only|call))?))$/i

/** What this runbook calls the dry run: the parameters that its client puts under `dry_run`, too. */
export function dryRunPattern(trees: readonly Tree[]): RegExp {
  const names = new Set<string>()
  for (const tree of trees) for (const name of namesIn(tree)) names.add(name)
  const own = [...names].slice(0, 8).map((name) => String.raw`|\b${name}\b`)
  return new RegExp(DRY_RUN + own.join(''), 'i')
}

function namesIn(tree: Tree): string[] {
  const plain = new RegExp(DRY_RUN, 'i')
  return tree.nodes.flatMap((node) => {
    if (node.kind !== 'pair' || !node.value) return []
    const value = textOf(tree, node.value).trim()
    if (plain.test(node.name)) {
      const name = /^\$(?:this->)?(\w{3,})$/.exec(value)?.[1]
      return name && name !== 'mode' ? [name] : []
    }
    return /^(?:true|false)$/i.test(value) && SYNONYM.test(node.name) ? [node.name] : []
  })
}
