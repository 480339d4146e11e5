-- Acceptance: the claim together with the service's log row, in one durable transaction. Sorted, so that two
-- batches that share messages cannot deadlock. Run again with the same token it changes nothing.
with input as (
  select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
    as i (message_uuid, recipient, sender, body)
), claimed as (
  insert into messaging.execution_authority (message_uuid, state, holder, attempt_token)
  select message_uuid, 'claimed', 'go', $5::uuid
  from input
  where (select set_config('synchronous_commit', 'on', true)) = 'on'
  order by message_uuid
  on conflict (message_uuid) do nothing
  returning message_uuid
)
insert into messaging.go_sms_logs (message_uuid, dry_run, recipient, sender, body, status)
select message_uuid, false, recipient, sender, body, 'accepted'
from input
join claimed using (message_uuid)
order by message_uuid
on conflict (message_uuid, dry_run) do update
  set recipient = excluded.recipient, sender = excluded.sender, body = excluded.body,
      status = 'accepted', reason = null, updated_at = now()
returning message_uuid
