// Many messages that went every way a message can go, in all tables, as a system leaves them when it is at rest.
import type { Database } from '../../src/db/database.ts'

export interface Population {
  readonly messages: number
  /** Time of the first message; the others follow at even distances. */
  readonly startMs: number
  readonly spanMs: number
  /** Whether all are accepted and sent by the service, in ON. */
  readonly isAllOn?: boolean
}

/** Ways of a message: by the rest of its number divided by ten. */
export const ways = {
  off: 0,
  shadow: 1,
  fallback: 2,
  rejected: 3,
  failed: 4,
  /** 5 to 9 */
  accepted: 5,
} as const

const TENANT = 'demo'

/** Loads the tables without their triggers, as a restored backup would be; then everything is compared once. */
export async function populate(
  { admin }: { readonly admin: Database },
  population: Population,
): Promise<void> {
  const { messages, startMs, spanMs, isAllOn = false } = population
  const sql = (text: string) => admin.run({ name: '', text })
  const way = isAllOn ? '5' : 'i % 10'
  await sql(
    `create table population as
     select i, ${way} as way,
       (lpad(to_hex(ms), 12, '0') || '7' || lpad(to_hex(i & 4095), 3, '0') || '8' || substr(md5(i::text), 1, 15))::uuid as message_uuid,
       (lpad(to_hex(ms), 12, '0') || '7' || lpad(to_hex(i & 4095), 3, '0') || '9' || substr(md5(i::text), 1, 15))::uuid as request_id,
       to_timestamp(ms / 1000.0) as at,
       case ${way} when 0 then 'OFF' when 1 then 'SHADOW' else 'ON' end as mode
     from generate_series(0, ${messages - 1}) i,
       lateral (select ${startMs}::bigint + i::bigint * ${spanMs} / ${messages}) t (ms)`,
  )
  const number = `'+1202555' || lpad((100 + i % 100)::text, 4, '0')`
  const load = [
    `insert into legacy.requests (request_id, tenant, content_sha256, mode, ramp_percent, epoch, body, message_uuids,
       recipients, mentions, owner, received_at, answered_at)
     select request_id, '${TENANT}', '\\x00', mode, 100, 1, 'hello', array[message_uuid], array[${number}], '{1}', 1, at, at
     from population order by i`,
    `insert into legacy.sms_logs (message_uuid, source, dry_run, status, request_id, tenant, recipient, mode, epoch, fallback, created_at)
     select message_uuid, case when way in (0, 1, 2, 4) then 'legacy' else 'go' end, false,
       case way when 3 then 'rejected' when 4 then 'failed' when 0 then 'sent' when 1 then 'sent' when 2 then 'sent' else 'accepted' end,
       request_id, '${TENANT}', ${number}, mode, 1, case when way = 2 then 'timeout' end, at
     from population order by i`,
    `insert into legacy.sms_logs (message_uuid, source, dry_run, status, request_id, tenant, recipient, mode, epoch, created_at)
     select message_uuid, 'go', true, 'accepted', request_id, '${TENANT}', ${number}, mode, 1, at
     from population where way = 1 order by i`,
    `insert into legacy.quota_settlements (message_uuid, tenant, charged, settled_at)
     select message_uuid, '${TENANT}', way >= 5, at from population where mode = 'ON' order by i`,
    `insert into messaging.execution_authority (message_uuid, state, holder, attempt_token, attempts, provider, claimed_at, dispatched_at, settled_at)
     select message_uuid, case way when 3 then 'void' when 4 then 'refused' else 'sent' end,
       case when way = 3 then null when way >= 5 then 'go' else 'legacy' end, request_id, 1, 'sandbox', at, at, at
     from population order by i`,
    `insert into messaging.go_sms_logs (message_uuid, dry_run, recipient, body, status, created_at, updated_at)
     select message_uuid, way = 1, ${number}, case when way >= 5 then 'hello' end,
       case way when 1 then 'accepted' when 3 then 'rejected' else 'sent' end, at, at
     from population where way = 1 or way = 3 or way >= 5 order by i`,
  ]
  await admin.transaction(async (runner) => {
    await runner.run({ name: '', text: 'set local session_replication_role = replica' })
    await runner.run({ name: '', text: 'set local statement_timeout = 0' })
    for (const text of load) await runner.run({ name: '', text })
  })
  await sql('analyze legacy.requests, legacy.sms_logs, legacy.quota_settlements')
  await sql('analyze messaging.execution_authority, messaging.go_sms_logs')
}
