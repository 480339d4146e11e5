import type { Edit } from './plant-bug.ts'

/** The hole in the ledger's wall that a bug in SQL needs. */
export const noWall: Edit = {
  file: 'prove/simulation/store/ledger.ts',
  search: '  guardAuthority(tables, old, row)\n',
  replace: '',
}
