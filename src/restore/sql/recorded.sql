-- What the gateway has recorded for good: an answer of the legacy driver, or what the service reported.
select message_uuid, source, status, provider_message_id, delivery_status, coalesce(reason, delivery_error) as reason
from legacy.sms_logs
where message_uuid = any ($1::uuid[]) and not dry_run
