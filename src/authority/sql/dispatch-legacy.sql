-- claimed -> dispatched for messages that the legacy side holds: handed back, held until their time, or proven
-- not executed. Before its time a message stays as it is; past its validity it becomes void.
with wanted as (
  select a.message_uuid, a.valid_until
  from messaging.execution_authority a
  where a.message_uuid = any ($1::uuid[]) and a.holder = 'legacy' and a.state = 'claimed'
  order by a.message_uuid
  for update
), voided as (
  update messaging.execution_authority a
  set state = 'void', holder = null, epoch = a.epoch + 1, attempt_token = $2::uuid,
      reason = 'valid_until has passed', settled_at = now()
  from wanted w
  where a.message_uuid = w.message_uuid and a.state = 'claimed' and w.valid_until <= now()
    and (select set_config('synchronous_commit', 'on', true)) = 'on'
)
update messaging.execution_authority a
set state = 'dispatched', attempt_token = $2::uuid, attempts = a.attempts + 1, provider = $3::text,
    reason = null, dispatched_at = now()
from wanted w
where a.message_uuid = w.message_uuid and a.state = 'claimed' and a.not_before <= now()
  and (a.valid_until is null or a.valid_until > now())
  and (select set_config('synchronous_commit', 'on', true)) = 'on'
returning a.message_uuid
