-- claimed -> dispatched for messages that the legacy side holds: handed back, or proven not executed. Not before its
-- time, and not past it.
update messaging.execution_authority a
set state = 'dispatched', attempt_token = $2::uuid, attempts = a.attempts + 1, provider = $3::text,
    reason = null, dispatched_at = now()
from unnest($1::uuid[]) as i (message_uuid)
where a.message_uuid = i.message_uuid and a.holder = 'legacy' and a.state = 'claimed'
  and a.not_before <= now() and (a.valid_until is null or a.valid_until > now())
  and (select set_config('synchronous_commit', 'on', true)) = 'on'
returning a.message_uuid
