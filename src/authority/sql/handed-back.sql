-- A page of what the legacy side has to send or to void now, the longest due first; $1 and $2: the last of the page
-- before. Before its time a scheduled message waits here as it did there.
select message_uuid, not_before::text as due_at, coalesce(valid_until <= now(), false) as late
from messaging.execution_authority
where holder = 'legacy' and state = 'claimed' and not_before <= now()
  and (not_before, message_uuid) > ($1::text::timestamptz, $2::uuid)
order by not_before, message_uuid
limit $3::integer
