-- What became of messages, in one durable transaction: sms_logs, quota, the settler's work list, the answer.
-- Run again it changes nothing: each part is keyed by message_uuid or request_id. A verdict of the service may be
-- committed late, when its gateway is gone and the message was handed back: after the legacy side's row it is left
-- out; one that stands before it is told as handed back. What the service rejected is void in the ledger: whoever
-- settles the request from there does not log it once more.
with logged as (
  insert into legacy.sms_logs
    (message_uuid, source, status, provider_message_id, request_id, tenant, recipient, mode, epoch, fallback, reason,
     handed_back)
  select message_uuid, source, status, provider_message_id, request_id, tenant, recipient, mode, epoch, fallback, reason,
    source = 'legacy' and (
      exists (select from legacy.unresolved_messages u where u.message_uuid = i.message_uuid and u.handed_back)
      or exists (select from legacy.sms_logs g where g.message_uuid = i.message_uuid and g.source = 'go'
        and not g.dry_run and g.status in ('accepted', 'duplicate')))
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[],
      $9::bigint[], $10::text[], $11::text[])
    as i (message_uuid, source, status, provider_message_id, request_id, tenant, recipient, mode, epoch, fallback, reason)
  where (select set_config('synchronous_commit', 'on', true)) = 'on'
    and not (source = 'go' and exists (
      select from legacy.sms_logs l where l.message_uuid = i.message_uuid and l.source = 'legacy' and not l.dry_run))
    and not (source = 'legacy' and status = 'failed' and exists (
      select from legacy.sms_logs g where g.message_uuid = i.message_uuid and g.source = 'go' and not g.dry_run
        and g.status = 'rejected'))
  order by message_uuid
  on conflict (message_uuid, source, dry_run) do nothing
), handed as (
  update legacy.sms_logs g
  set delivery_status = 'handed_back', delivery_error = null, delivery_at = now()
  from unnest($1::uuid[], $2::text[]) as i (message_uuid, source)
  where g.message_uuid = i.message_uuid and i.source = 'legacy' and g.source = 'go' and not g.dry_run
    and g.status in ('accepted', 'duplicate') and g.delivery_status is distinct from 'handed_back'
), settled as (
  insert into legacy.quota_settlements (message_uuid, tenant, charged)
  select message_uuid, tenant, charged
  from unnest($12::uuid[], $13::text[], $14::boolean[]) as i (message_uuid, tenant, charged)
  order by message_uuid
  on conflict (message_uuid) do nothing
  returning tenant, charged
), account as (
  update legacy.quota_accounts a
  set reserved = a.reserved - s.messages, used = a.used + s.charged
  from (
    select tenant, count(*) as messages, count(*) filter (where charged) as charged from settled group by tenant
  ) s
  where a.tenant = s.tenant
), noted as (
  insert into legacy.unresolved_messages as u (message_uuid, request_id, fallback, reason, unspent_token, due_at)
  select message_uuid, request_id, fallback, reason, unspent_token, due_at
  from unnest($15::uuid[], $16::uuid[], $17::text[], $18::text[], $19::uuid[], $22::timestamptz[])
    as i (message_uuid, request_id, fallback, reason, unspent_token, due_at)
  order by message_uuid
  -- Asked again, the ledger may have it as held until its time.
  on conflict (message_uuid) do update set due_at = excluded.due_at, reason = excluded.reason
    where u.due_at is null and excluded.due_at is not null
), resolved as (
  -- A verdict of the service that is committed late does not end what was handed back.
  delete from legacy.unresolved_messages u
  using unnest($1::uuid[], $2::text[]) as i (message_uuid, source)
  where u.message_uuid = i.message_uuid and not (u.handed_back and i.source = 'go')
)
update legacy.requests r
set answered_at = now(), answer = i.answer
from unnest($20::uuid[], $21::json[]) as i (request_id, answer)
where r.request_id = i.request_id and r.answered_at is null
