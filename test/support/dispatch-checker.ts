// Holds dispatch by several providers against what the carriers logged by themselves.
import assert from 'node:assert/strict'
import type { AuthorityState } from '../../src/core/authority-state.ts'

export interface DispatchEvidence {
  /** Every message that was accepted. */
  readonly accepted: readonly string[]
  readonly ledger: readonly {
    readonly message_uuid: string
    readonly state: AuthorityState
    readonly attempts: number
    readonly provider: string | null
    readonly reason: string | null
    /** Proofs that an attempt was not executed. */
    readonly failovers: number
  }[]
  /** What each carrier sent, by provider. */
  readonly carriers: ReadonlyMap<string, readonly string[]>
}

export interface DispatchVerdict {
  readonly sent: number
  readonly refused: number
  readonly inDoubt: number
  readonly failovers: number
}

/** Asserts I1, I2, I3, I11, and that every further attempt rests on a stored proof. */
export function checkDispatch({ accepted, ledger, carriers }: DispatchEvidence): DispatchVerdict {
  const rows = new Map(ledger.map((row) => [row.message_uuid, row]))
  const sentBy = new Map<string, string>()
  for (const [carrier, references] of carriers) {
    for (const reference of references) {
      assert.equal(sentBy.get(reference), undefined, `I1: ${reference} was sent twice, by ${carrier} too`)
      sentBy.set(reference, carrier)
      const row = rows.get(reference)
      assert.ok(row && row.attempts >= 1, `I2: send of ${reference} without a dispatch`)
      assert.ok(
        (row.state === 'sent' || row.state === 'in_doubt') && row.provider === carrier,
        `I2: ${reference} was sent by ${carrier}, ledger: ${row.state} by ${row.provider}`,
      )
    }
  }
  for (const uuid of accepted) assert.ok(rows.has(uuid), `I3: ${uuid} was accepted, yet has no row`)
  for (const { message_uuid: uuid, state, attempts, failovers, reason } of ledger) {
    assert.ok(state !== 'claimed' && state !== 'dispatched', `I11: ${uuid} is still ${state}`)
    if (state === 'sent') assert.ok(sentBy.has(uuid), `lost: ${uuid} is sent, no carrier has it`)
    if (state === 'in_doubt') assert.ok(reason, `${uuid} is in doubt without evidence`)
    assert.equal(failovers, attempts - 1, `${uuid}: attempt ${attempts} rests on ${failovers} proofs`)
  }
  const count = (state: AuthorityState) => ledger.filter((row) => row.state === state).length
  return {
    sent: count('sent'),
    refused: count('refused'),
    inDoubt: count('in_doubt'),
    failovers: ledger.reduce((sum, row) => sum + row.failovers, 0),
  }
}
