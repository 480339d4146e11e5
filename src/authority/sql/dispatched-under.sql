-- What a dispatch whose commit answer was lost has dispatched: known by its token alone.
select a.message_uuid, a.epoch, a.attempts, l.recipient, l.sender, l.body
from messaging.execution_authority a
join messaging.go_sms_logs l on l.message_uuid = a.message_uuid and not l.dry_run
where a.holder = 'go' and a.state = 'dispatched' and a.attempt_token = $1::uuid
