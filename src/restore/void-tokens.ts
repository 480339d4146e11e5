import { settleProven } from '../authority/proof.ts'
import { statement } from '../db/statement.ts'
import type { Fence } from './fence.ts'
import type { RestoreDatabases } from './restore-step.ts'

const unspent = statement<{ message_uuid: string; unspent_token: string }>(
  import.meta.url,
  './sql/unspent-tokens.sql',
)
const forget = statement<never>(import.meta.url, './sql/forget-unspent-tokens.sql')

/**
 * A gateway keeps the token of a claim whose answer it never heard: it sent nothing under it, and will take the message
 * back to send it. In the time that was lost it may have done so. Ends every such token: the message is claimed
 * again, for the mark to put in doubt under another.
 */
export async function voidUnspentTokens(
  { legacy, messaging }: RestoreDatabases,
  fence: Fence,
): Promise<void> {
  const until = fence.entered_until.toISOString()
  for (const { message_uuid: messageUuid, unspent_token: attemptToken } of await legacy.run(unspent, [
    until,
  ])) {
    await settleProven(messaging, {
      messageUuid,
      attemptToken,
      to: 'claimed',
      providerMessageId: null,
      proof: { kind: 'not_sent', detail: 'the answer to the claim was lost; no permit was ever made' },
      actor: `baton restore (fence ${fence.fence_id})`,
    })
  }
  await legacy.run(forget, [until])
}
