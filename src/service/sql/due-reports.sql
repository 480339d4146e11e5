-- What the gateway is to be told now. Taken for $2 ms: who dies with it leaves it to the next.
with due as (
  select message_uuid
  from messaging.go_sms_logs
  where report_at <= now() and not dry_run
  order by report_at
  limit $1::integer
  for update skip locked
)
update messaging.go_sms_logs l
set report_at = now() + $2::float8 * interval '1 millisecond', report_tries = l.report_tries + 1
from due
where l.message_uuid = due.message_uuid and not l.dry_run
returning l.message_uuid, l.version, l.status, l.delivery_status, l.provider_message_id, l.reason,
  l.delivery_error, l.report_tries,
  (extract(epoch from coalesce(l.delivery_at, l.updated_at)) * 1000)::float8 as at_ms
