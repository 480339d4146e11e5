import type { ModeInForce, ModeView } from '../contract/gateway-api.ts'
import { table } from './table.ts'

/** Everyone's mode and those of single tenants. */
export function renderModes({ tenants, ...everyone }: ModeView): string {
  // The answer to a tenant's change leads with that tenant, which the list names too.
  const rows = [everyone, ...tenants.filter(({ scope }) => scope !== everyone.scope)].map(rowOf)
  return table(['for', 'mode', 'ramp', 'epoch', 'since', 'reason'], rows)
}

function rowOf({ scope, mode, ramp_percent, epoch, reason, changed_at }: ModeInForce): unknown[] {
  return [scope === '*' ? 'everyone' : scope, mode, `${ramp_percent} %`, epoch, changed_at, reason]
}
