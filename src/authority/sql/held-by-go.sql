-- What the service holds in one state, in the order of the uuids. A pause after an attempt is not a schedule.
select message_uuid, attempts = 0 and not_before > now() as scheduled,
  attempts > 0 as tried, coalesce(valid_until <= now(), false) as late
from messaging.execution_authority
where holder = 'go' and state = $1::text and message_uuid > $2::uuid
order by message_uuid
limit $3::integer
