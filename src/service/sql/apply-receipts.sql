-- Delivery statuses move forward only: a lower or equal rank changes nothing.
with ranks as (
  select * from (values ('accepted', 0), ('sent', 1), ('undelivered', 2), ('expired', 2), ('rejected', 2),
    ('delivered', 3)) as r (status, rank)
), best as (
  select distinct on (i.message_uuid) i.message_uuid, i.provider, i.provider_message_id, i.status, i.error_code,
    i.happened_at_ms, r.rank
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::float8[])
    as i (message_uuid, provider, provider_message_id, status, error_code, happened_at_ms)
  join ranks r using (status)
  order by i.message_uuid, r.rank desc, i.happened_at_ms
)
update messaging.go_sms_logs l
set delivery_status = b.status, delivery_error = b.error_code,
    delivery_at = to_timestamp(b.happened_at_ms / 1000), updated_at = now()
from best b
where l.message_uuid = b.message_uuid and not l.dry_run and l.provider is not distinct from b.provider
  and (l.delivery_status is null
    or b.rank > (select r.rank from ranks r where r.status = l.delivery_status))
returning l.message_uuid
