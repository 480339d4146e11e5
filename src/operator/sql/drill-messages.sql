select a.message_uuid, a.state, a.holder, a.provider,
  exists (select from messaging.go_sms_logs g where g.message_uuid = a.message_uuid and not g.dry_run)
    as known_to_service
from messaging.execution_authority a
where a.message_uuid = any ($1::uuid[])
