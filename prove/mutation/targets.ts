/** What is mutated, and the tests that must notice. */
export interface Target {
  readonly name: string
  /** Globs of the mutated files, relative to the root. */
  readonly files: readonly string[]
  /** Run one after the other until one fails: the quick ones first. */
  readonly tests: readonly (readonly string[])[]
}

export const targets: readonly Target[] = [
  {
    name: 'core',
    files: ['src/core/*.ts'],
    tests: [['src/core/*.test.ts'], ['src/authority/ledger.test.ts']],
  },
  {
    name: 'authority',
    files: ['src/authority/*.ts', 'src/authority/sql/*.sql'],
    tests: [
      ['src/authority/*.test.ts', 'src/db/durability.test.ts'],
      ['test/in-doubt.test.ts', 'test/dispatch.test.ts'],
    ],
  },
  {
    name: 'dispatcher',
    files: ['src/service/{dispatcher,lane,settle-attempt,router}.ts'],
    tests: [['test/dispatch.test.ts'], ['test/in-doubt.test.ts']],
  },
]
