import { groupCommit } from '../db/group-commit.ts'
import type { Claim, Claims, SendTimes } from './claim.ts'
import type { Permit } from './permit.ts'

const BATCH_MESSAGES_MAX = 500

export interface ClaimedForLegacy extends SendTimes {
  readonly messageUuid: string
}

/** Legacy claims of concurrent requests in natural micro-batches; each caller gets its own messages' claims. */
export function claimLegacyTogether(
  claims: Claims,
  provider: string,
): (messages: readonly ClaimedForLegacy[]) => Promise<readonly Claim<Permit>[]> {
  const batches = groupCommit<readonly ClaimedForLegacy[], readonly Claim<Permit>[]>({
    run: async (batch) => {
      const messages = batch.flat()
      const uuids = messages.map(({ messageUuid }) => messageUuid)
      const all = await claims.claimForLegacy(uuids, provider, messages)
      let start = 0
      return batch.map(({ length }) => all.slice(start, (start += length)))
    },
    batchMax: BATCH_MESSAGES_MAX,
    weigh: ({ length }) => length,
  })
  return (messages) => batches.add(messages)
}
