import { groupCommit } from '../db/group-commit.ts'
import type { Claim, Claims } from './claim.ts'
import type { Permit } from './permit.ts'

const BATCH_MESSAGES_MAX = 500

/** Legacy claims of concurrent requests in natural micro-batches; each caller gets its own messages' claims. */
export function claimLegacyTogether(
  claims: Claims,
  provider: string,
): (messageUuids: readonly string[]) => Promise<readonly Claim<Permit>[]> {
  const batches = groupCommit<readonly string[], readonly Claim<Permit>[]>({
    run: async (batch) => {
      const all = await claims.claimForLegacy(batch.flat(), provider)
      let start = 0
      return batch.map(({ length }) => all.slice(start, (start += length)))
    },
    batchMax: BATCH_MESSAGES_MAX,
    weigh: ({ length }) => length,
  })
  return (messageUuids) => batches.add(messageUuids)
}
