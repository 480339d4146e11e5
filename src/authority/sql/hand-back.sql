-- claimed(go) -> claimed(legacy), oldest first: only what no dispatch has touched. The service's log says so.
with picked as (
  select message_uuid
  from messaging.execution_authority
  where holder = 'go' and state = 'claimed' and attempts = 0
  order by message_uuid
  limit $1::integer
  for update skip locked
), handed as (
  update messaging.execution_authority a
  set holder = 'legacy', epoch = a.epoch + 1, attempt_token = $2::uuid, reason = $3::text
  from picked
  where a.message_uuid = picked.message_uuid and a.state = 'claimed'
    and (select set_config('synchronous_commit', 'on', true)) = 'on'
  returning a.message_uuid, a.reason
)
update messaging.go_sms_logs l
set status = 'handed_back', reason = h.reason, updated_at = now()
from handed h
where l.message_uuid = h.message_uuid and not l.dry_run
returning l.message_uuid
