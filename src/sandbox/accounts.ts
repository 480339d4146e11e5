/** The carrier's two customers: the legacy side and the messaging service, told apart in every log line. */
export const ACCOUNTS = ['legacy', 'service'] as const

export type Account = (typeof ACCOUNTS)[number]

/** One value for each account. */
export type PerAccount<Value> = Record<Account, Value>

export function perAccount<Value>(make: (account: Account) => Value): PerAccount<Value> {
  return { legacy: make('legacy'), service: make('service') }
}
