import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { open, testDatabase } from '../../test/support/database.ts'
import { sql as runSql } from '../../test/support/system.ts'
import { appendEvidence, GENESIS, hashOf, type EvidenceRow, type Head } from './evidence.ts'
import { verifyEvidence } from './verify-evidence.ts'

const database = await testDatabase()
const gateway = database.gateway
const sql = <Row = Record<string, unknown>>(text: string) => runSql<Row>(database, text)

/** As somebody who owns the server can: without the triggers. */
async function tamper(...texts: string[]): Promise<void> {
  await database.admin.transaction(async (runner) => {
    await runner.run({ name: '', text: 'set local session_replication_role = replica' })
    for (const text of texts) await runner.run({ name: '', text })
  })
}

const append = (n: number): Promise<Head> =>
  appendEvidence(gateway, gateway, { kind: 'measurement', subject: 'test', payload: { n, text: 'ü "x"\n' } })
const verify = (kept: readonly Head[] = []) => verifyEvidence(gateway, gateway, kept)

beforeEach(async () => {
  await tamper('delete from legacy.evidence', 'delete from messaging.evidence_heads')
  for (let n = 1; n <= 5; n++) await append(n)
})

describe('evidence', () => {
  test('a whole chain passes, with its head; an empty one holds', async () => {
    const verification = await verify()
    assert.deepEqual([verification.verdict, verification.records, verification.problems], ['PASS', 5, []])
    assert.equal(verification.head?.seq, 5)
    await tamper('delete from legacy.evidence', 'delete from messaging.evidence_heads')
    assert.equal((await verify()).verdict, 'HOLD')
  })

  test('appended by many at once it is one chain', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, n) => append(n)))
    const { verdict, records } = await verify()
    assert.deepEqual([verdict, records], ['PASS', 25])
  })

  const damages: readonly [string, string[], RegExp][] = [
    [
      'an edited payload',
      [`update legacy.evidence set payload = '{"n":9}' where seq = 3`],
      /record 3: was edited/,
    ],
    [
      'an edited time',
      [`update legacy.evidence set recorded_at = recorded_at + interval '1 microsecond' where seq = 2`],
      /record 2: was edited/,
    ],
    ['a deleted record', ['delete from legacy.evidence where seq = 3'], /records 3 to 3: are missing/],
    ['a deleted first record', ['delete from legacy.evidence where seq = 1'], /records 1 to 1: are missing/],
    [
      'two records that changed places',
      [
        'update legacy.evidence set seq = 100 where seq = 2',
        'update legacy.evidence set seq = 2 where seq = 3',
        'update legacy.evidence set seq = 3 where seq = 100',
      ],
      /record 2: does not follow the one before it/,
    ],
    ['a cut tail', ['delete from legacy.evidence where seq > 3'], /records 4 to 5: were cut off the end/],
    ['everything gone', ['delete from legacy.evidence'], /records 1 to 5: were cut off the end/],
  ]
  for (const [name, texts, problem] of damages) {
    test(`${name} is found`, async () => {
      await tamper(...texts)
      const { verdict, problems } = await verify()
      assert.equal(verdict, 'FAIL')
      assert.match(problems.join('\n'), problem)
    })
  }

  test('a chain computed anew after an edit is found by its anchors', async () => {
    const rows = await sql<EvidenceRow>(
      `select seq, kind, subject, payload, previous_hash, hash,
         to_char(recorded_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as recorded_at
       from legacy.evidence order by seq`,
    )
    let previous_hash = GENESIS
    for (const row of rows) {
      const payload = row.seq === 3 ? '{"n":0}' : row.payload
      const hash = hashOf({ ...row, payload, previous_hash })
      await tamper(
        `update legacy.evidence set payload = '${payload}', previous_hash = '${previous_hash}', hash = '${hash}' where seq = ${row.seq}`,
      )
      previous_hash = hash
    }
    const { verdict, problems } = await verify()
    assert.equal(verdict, 'FAIL')
    assert.match(problems.join('\n'), /record 3: is not the one that was anchored/)
    await tamper('delete from messaging.evidence_heads')
    assert.equal((await verify()).verdict, 'PASS', 'who can rewrite both needs a head kept elsewhere')
    const kept = rows.map(({ seq, hash }) => ({ seq, hash }))
    assert.equal((await verify(kept.slice(4))).verdict, 'FAIL')
  })

  test('a tail cut together with its anchors is found by a kept head', async () => {
    const { head } = await verify()
    assert.ok(head)
    await tamper(
      'delete from legacy.evidence where seq > 4',
      'delete from messaging.evidence_heads where seq > 4',
    )
    assert.equal((await verify()).verdict, 'PASS')
    assert.match((await verify([head])).problems.join(), /records 5 to 5: were cut off the end/)
  })

  test('the table refuses changes, and the gateway may not even try', async () => {
    for (const text of [
      'update legacy.evidence set kind = kind',
      'delete from legacy.evidence',
      'truncate legacy.evidence',
    ]) {
      await assert.rejects(sql(text), /append-only/)
      await assert.rejects(gateway.run({ name: '', text }), { code: '42501' })
    }
  })

  test('anchors that could not be written are covered by the next', async () => {
    const away = open('postgres://nobody@127.0.0.1:1/none')
    await appendEvidence(gateway, away, { kind: 'verdict', subject: 'test', payload: {} })
    await away.close()
    assert.equal((await verify()).verdict, 'PASS')
    await append(7)
    assert.equal((await verify()).verdict, 'PASS')
  })
})
