select message_uuid, status, recipient, sender
from messaging.go_sms_logs
where dry_run and message_uuid = any ($1::uuid[])
