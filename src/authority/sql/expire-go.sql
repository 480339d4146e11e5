-- claimed(go) -> void past valid_until, in whatever lane: nobody will ever send it.
with late as (
  select message_uuid
  from messaging.execution_authority
  where holder = 'go' and state = 'claimed' and valid_until <= now()
  order by message_uuid
  limit $1::integer
  for update skip locked
), voided as (
  update messaging.execution_authority a
  set state = 'void', holder = null, epoch = a.epoch + 1, attempt_token = $2::uuid,
      reason = 'valid_until has passed', settled_at = now()
  from late
  where a.message_uuid = late.message_uuid and a.state = 'claimed'
    and (select set_config('synchronous_commit', 'on', true)) = 'on'
  returning a.message_uuid, a.reason
)
update messaging.go_sms_logs l
set status = 'void', reason = v.reason, updated_at = now()
from voided v
where l.message_uuid = v.message_uuid and not l.dry_run
returning l.message_uuid
