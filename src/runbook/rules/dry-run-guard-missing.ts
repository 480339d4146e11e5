import { textOf, within } from '../code/node.ts'
import type { Facts } from '../facts/facts.ts'
import { providerUses, type ProviderUse } from '../facts/provider-calls.ts'
import type { Problem, Rule } from '../finding.ts'
import { fixGuard } from '../fixes/dry-run-guard.ts'
import { docSpan, treesOf, type TreeFact } from './scan.ts'

const SANDBOX =
  /sandbox|test_?(?:key|account|provider|client)|stub|staging|fake|mock|provider|vendor|carrier|aggregator/i

/** A leaky guard that switches to another account is a provider call in a dry run. */
export function isSandboxed(fact: TreeFact, use: ProviderUse): boolean {
  return (
    use.guard.kind === 'leaky' &&
    (swapsProvider(fact, use) ||
      SANDBOX.test(textOf(fact.tree, use.guard.node).replaceAll(/["`][^"`\n]*["`]/g, '')))
  )
}

/** `if dry { carrier = other }` before `carrier.Send(...)`. */
function swapsProvider({ tree }: TreeFact, use: ProviderUse): boolean {
  const receiver = use.call.callee.split('.').slice(0, -1).join('.')
  return (
    use.guard.kind === 'leaky' &&
    within(tree, use.guard.node, 'assign').some(({ name }) => receiver !== '' && name === receiver)
  )
}

function check(facts: Facts): Problem[] {
  return treesOf(facts, 'go').flatMap((fact) => {
    const seen = new Set<unknown>()
    return providerUses(fact.tree).flatMap((use) => {
      if (use.guard.kind === 'effective' || isSandboxed(fact, use) || seen.has(use.scope)) return []
      seen.add(use.scope)
      const at = use.guard.kind === 'none' ? use.call : use.guard.node
      const message =
        use.guard.kind === 'none'
          ? 'The handler reaches the provider without a test of DryRun'
          : use.guard.kind === 'late'
            ? 'The test of DryRun stands after the provider call'
            : 'The test of DryRun does not leave the handler, so the provider is called all the same'
      return [{ ...docSpan(fact.code, at), message, fix: fixGuard(facts, fact, use) }]
    })
  })
}

export const dryRunGuardMissing: Rule = {
  id: 'dry-run-guard-missing',
  title: 'The Go handler has no dry-run guard before the provider call',
  invariant: 1,
  demands:
    'if req.DryRun { log("DRY_RUN_NO_PROVIDER_CALL"); return accepted } stands before every provider call.',
  breaks: [
    'a provider call without the test',
    'the test after the call',
    'a test that only logs and goes on',
    'a second handler (batch) without the test',
  ],
  looksOnlySo: [
    'a guard that answers through a function of its own',
    'the provider call inside if !req.DryRun { ... }',
    'a test that proves that a dry run calls nobody',
  ],
  fixedBy:
    'The guard is inserted before the call, or before the loop that repeats it, and answers as the handler answers after a send; a late guard is moved.',
  check,
}
