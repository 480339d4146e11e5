-- What the legacy side has to send or to void now. Before its time a scheduled message waits here as it did there.
select message_uuid, coalesce(valid_until <= now(), false) as late
from messaging.execution_authority
where holder = 'legacy' and state = 'claimed' and message_uuid > $1::uuid
  and (not_before <= now() or valid_until <= now())
order by message_uuid
limit $2::integer
