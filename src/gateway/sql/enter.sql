-- The intent, durable before any external effect. A request whose key is taken is left out; so is one that an
-- earlier run of this statement has inserted. When the mode has changed since it was read (the reading saw changes
-- up to $19), nothing is entered: the one row that is returned then has no id.
with inserted as (
insert into legacy.requests
  (request_id, tenant, idempotency_key, content_sha256, mode, ramp_percent, epoch, body, sender, reference,
   message_uuids, recipients, mentions, priority, send_at, valid_until, segments_max, owner)
select request_id, tenant, idempotency_key, content_sha256, mode, ramp_percent, epoch, body, sender, reference,
  message_uuids::uuid[], recipients::text[], mentions::integer[], priority,
  send_at, valid_until, segments_max, $14::integer
from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::integer[], $7::bigint[],
    $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[],
    $15::text[], $16::timestamptz[], $17::timestamptz[], $18::smallint[])
  as i (request_id, tenant, idempotency_key, content_sha256, mode, ramp_percent, epoch, body, sender, reference,
    message_uuids, recipients, mentions, priority, send_at, valid_until, segments_max)
where (select set_config('synchronous_commit', 'on', true)) = 'on'
  and not exists (select from legacy.mode_changes where epoch > $19::bigint)
on conflict do nothing
returning request_id
)
select request_id from inserted
union all
select null where exists (select from legacy.mode_changes where epoch > $19::bigint)
