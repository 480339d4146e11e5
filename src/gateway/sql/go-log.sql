select dry_run, status, provider, provider_message_id, reason, created_at, updated_at
from messaging.go_sms_logs
where message_uuid = $1::uuid
order by dry_run
