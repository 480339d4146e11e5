select l.source, l.dry_run, l.status, l.provider_message_id, l.request_id, l.recipient, l.mode, l.epoch::integer,
  l.fallback, l.reason, l.delivery_status, l.delivery_at, l.delivery_error, l.handed_back,
  l.created_at
from legacy.sms_logs l
where l.message_uuid = $1::uuid and ($2::text is null or l.tenant = $2::text)
order by l.dry_run, l.created_at
