import { check } from './parameters.ts'
import type { QuotaAccount, Tables } from './tables.ts'

export function putAccount(tables: Tables, account: QuotaAccount): void {
  check(account.used >= 0, 'quota_accounts_used_check')
  check(account.reserved >= 0, 'quota_accounts_reserved_check')
  check(account.used + account.reserved <= account.quota_limit, 'never_over_the_limit')
  tables.accounts.put(account.tenant, account)
}
