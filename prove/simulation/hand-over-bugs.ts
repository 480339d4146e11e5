// Faults in what stale processes, hand-back and scheduled messages rest on.
import { noWall } from './no-wall.ts'
import type { Bug, Edit } from './plant-bug.ts'

const outcomes = 'prove/simulation/store/outcome-statements.ts'

const noClock: Edit = {
  file: 'prove/simulation/store/ledger.ts',
  search: `  if (not_before > now || (valid_until !== null && valid_until <= now))
    throw refuse('message cannot be dispatched now')
`,
  replace: '',
}

export const handOverBugs: readonly Bug[] = [
  {
    name: 'a stale token is accepted',
    edits: [
      {
        file: outcomes,
        search: '    if (row.attempt_token !== column<string>(parameters, 2)[index]) return []\n',
        replace: '',
      },
      {
        file: outcomes,
        search: 'if (!row || row.attempt_token !== scalar(parameters, 2)) return undefined',
        replace: 'if (!row) return undefined',
      },
    ],
  },
  {
    name: 'a hand-back takes what is being sent',
    edits: [
      noWall,
      {
        file: 'prove/simulation/store/hand-over-statements.ts',
        search: "row.holder === 'go' && row.state === 'claimed')\n      .toSorted(byUuid)\n      .filter(",
        replace:
          "row.holder === 'go' && row.state === 'dispatched')\n      .toSorted(byUuid)\n      .filter(",
      },
      {
        file: 'prove/simulation/store/hand-over-statements.ts',
        search: "{ holder: 'legacy', epoch:",
        replace: "{ state: 'claimed', holder: 'legacy', epoch:",
      },
      {
        file: 'prove/simulation/store/hand-over-statements.ts',
        search: "row.holder === 'go' && row.state === scalar(parameters, 1))",
        replace: "row.holder === 'go' && row.state === 'dispatched')",
      },
    ],
  },
  {
    name: 'what was handed back is not put on the work list',
    edits: [
      {
        file: 'prove/simulation/store/work-list-statements.ts',
        search: '      tables.unresolved.put(message_uuid, { ...fresh, ...noted, handed_back: true })\n',
        replace: '',
      },
    ],
  },
  {
    name: 'what is scheduled is sent at once',
    edits: [
      noClock,
      {
        file: 'prove/simulation/store/claim-statements.ts',
        search: "send_at !== null && send_at > now ? 'claimed' : 'dispatched'",
        replace: "'dispatched'",
      },
    ],
  },
  {
    name: 'what is held until its time counts as granted now',
    edits: [
      {
        file: 'src/authority/claim.ts',
        search: 'row?.attemptToken === token && row.state === state',
        replace: 'row?.attemptToken === token',
      },
    ],
  },
  {
    name: 'what is past its validity is sent',
    edits: [
      noClock,
      {
        file: 'prove/simulation/store/dispatch-statements.ts',
        search: `      if (row.valid_until !== null && row.valid_until <= now) {
        voidRow(tables, row, token, 'valid_until has passed', now)
        return []
      }
      if (row.not_before`,
        replace: '      if (row.not_before',
      },
    ],
  },
]
