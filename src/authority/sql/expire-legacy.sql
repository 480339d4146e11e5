-- claimed(legacy) -> void: too old to be wanted; nobody will ever send it.
update messaging.execution_authority a
set state = 'void', holder = null, epoch = a.epoch + 1, attempt_token = $2::uuid, reason = $3::text,
    settled_at = now()
from unnest($1::uuid[]) as i (message_uuid)
where a.message_uuid = i.message_uuid and a.holder = 'legacy' and a.state = 'claimed'
  and (select set_config('synchronous_commit', 'on', true)) = 'on'
returning a.message_uuid
