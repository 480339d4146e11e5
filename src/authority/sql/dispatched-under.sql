-- What a dispatch whose commit answer was lost has dispatched: known by its token alone.
select a.message_uuid, a.attempts, a.route, l.recipient, l.sender, l.body, a.provider,
  (extract(epoch from a.dispatched_at) * 1000)::float8 as dispatched_at_ms,
  (extract(epoch from a.valid_until - now()) * 1000)::float8 as valid_ms
from messaging.execution_authority a
join messaging.go_sms_logs l on l.message_uuid = a.message_uuid and not l.dry_run
where a.holder = 'go' and a.state = 'dispatched' and a.attempt_token = $1::uuid
