// What the records alone must say: that SHADOW left no trace, that fallbacks are ON's, that attempts rest on proofs.
import assert from 'node:assert/strict'
import type { AuthorityState } from '../../src/core/authority-state.ts'
import type { CarrierEntry } from './system.ts'

type Ask = <Row>(text: string) => Promise<Row[]>

interface LedgerRow {
  message_uuid: string
  state: AuthorityState
  reason: string | null
  attempts: number
}

/** Asserts I4, I8 and I10, as far as the records tell, and that a doubt has its evidence. */
export async function checkRecords(ask: Ask, carrier: readonly CarrierEntry[]): Promise<void> {
  await checkModes(ask, carrier)
  await checkProofs(ask)
}

async function checkModes(ask: Ask, carrier: readonly CarrierEntry[]): Promise<void> {
  const logs = await ask<{ message_uuid: string; mode: string; fallback: string | null }>(
    'select message_uuid, mode, fallback from legacy.sms_logs where not dry_run',
  )
  const shadowed = new Set(logs.filter((row) => row.mode === 'SHADOW').map((row) => row.message_uuid))
  for (const { reference, account } of carrier)
    assert.ok(
      account !== 'service' || !shadowed.has(reference),
      `I4: ${reference} of SHADOW was sent by the service`,
    )
  const charged = await ask<{ uuid: string }>(
    'select message_uuid as uuid from legacy.quota_settlements where charged',
  )
  for (const { uuid } of charged) assert.ok(!shadowed.has(uuid), `I4: ${uuid} of SHADOW was charged`)
  for (const { message_uuid, mode, fallback } of logs)
    assert.ok(fallback === null || mode === 'ON', `I8: ${message_uuid} of ${mode} fell back: ${fallback}`)
}

/** Every further attempt rests on a proof, and what a proof says is what came of it. */
async function checkProofs(ask: Ask): Promise<void> {
  const rows = await ask<LedgerRow>(
    'select message_uuid, state, reason, attempts from messaging.execution_authority',
  )
  const states = new Map(rows.map((row) => [row.message_uuid, row.state]))
  const proofs = await ask<{ message_uuid: string; to_state: AuthorityState }>(
    'select message_uuid, to_state from messaging.authority_proofs',
  )
  const freed = Map.groupBy(
    proofs.filter((proof) => proof.to_state === 'claimed'),
    (proof) => proof.message_uuid,
  )
  for (const { message_uuid: uuid, state, reason, attempts } of rows) {
    assert.ok(state !== 'in_doubt' || reason !== null, `I3: ${uuid} is in doubt without evidence`)
    const count = freed.get(uuid)?.length ?? 0
    assert.ok(attempts <= count + 1, `I10: attempt ${attempts} of ${uuid} rests on ${count} proofs`)
  }
  for (const { message_uuid: uuid, to_state } of proofs) {
    const state = states.get(uuid)
    assert.ok(
      to_state === 'claimed' || state === to_state,
      `I10: ${uuid}: proven ${to_state}, ledger: ${state}`,
    )
  }
}
