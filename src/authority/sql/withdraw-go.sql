-- claimed(go) -> void for messages that are not to be sent any more.
with voided as (
  update messaging.execution_authority a
  set state = 'void', holder = null, epoch = a.epoch + 1, attempt_token = $2::uuid, reason = $3::text,
      settled_at = now()
  where a.message_uuid = any ($1::uuid[]) and a.holder = 'go' and a.state = 'claimed'
    and (select set_config('synchronous_commit', 'on', true)) = 'on'
  returning a.message_uuid, a.reason
)
update messaging.go_sms_logs l
set status = 'void', reason = v.reason, updated_at = now()
from voided v
where l.message_uuid = v.message_uuid and not l.dry_run
returning l.message_uuid
