-- Finds the messages of receipts that wait for one: by our reference under the vendor's signature, else by the
-- vendor's id. What finds none waits as long again as it has waited, and is given up after $2 ms.
with waiting as (
  select provider, provider_message_id, status, reference, received_at
  from messaging.receipts
  where match_at <= now()
  order by match_at
  limit $1::integer
  for update skip locked
), found as (
  select w.provider, w.provider_message_id, w.status, w.received_at, coalesce(
      (select l.message_uuid from messaging.go_sms_logs l
       where l.message_uuid = w.reference and not l.dry_run),
      (select l.message_uuid from messaging.go_sms_logs l
       where l.provider_message_id = w.provider_message_id and l.provider = w.provider and not l.dry_run
       limit 1)) as message_uuid
  from waiting w
)
update messaging.receipts r
set message_uuid = f.message_uuid,
    match_at = case
      when f.message_uuid is not null or now() - f.received_at > $2::float8 * interval '1 millisecond' then null
      else now() + greatest(now() - f.received_at, interval '1 second') end
from found f
where r.provider = f.provider and r.provider_message_id = f.provider_message_id and r.status = f.status
returning r.message_uuid, r.provider, r.provider_message_id, r.status, r.error_code, r.reference,
  r.match_at is null as is_final, (extract(epoch from r.happened_at) * 1000)::float8 as happened_at_ms
