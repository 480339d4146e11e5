-- Messages sent or accepted, a tenant and a stretch of time by this database's clock; stretch 0 is the latest.
-- The uuid's time only narrows the search, with room for a gateway whose clock is an hour behind.
select tenant, (date_part('epoch', now() - created_at) * 1000)::bigint / $1::integer as stretch, count(*) as messages
from legacy.sms_logs
where not dry_run and not handed_back and status in ('sent', 'accepted', 'duplicate')
  and message_uuid >= $3::uuid
  and created_at > now() - $1::integer * $2::integer * interval '1 millisecond'
group by 1, 2
order by 1, 2
limit 100000
