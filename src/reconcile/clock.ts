import type { Runner } from '../db/database.ts'
import { statement } from '../db/statement.ts'

const clock = statement<{ now_ms: number; hash: string }>(import.meta.url, './sql/clock.sql')
const HASH_SAMPLE = '-7885451631765998619'

/** This database's clock. Throws when it hashes a uuid otherwise than others: then no hash can be compared. */
export async function readNowMs(runner: Runner): Promise<number> {
  const [row] = await runner.run(clock)
  if (row?.hash !== HASH_SAMPLE) {
    throw new Error(
      `reconcile: this server hashes a uuid otherwise: ${row?.hash}: both sides need PostgreSQL on little-endian machines`,
    )
  }
  return row.now_ms
}
