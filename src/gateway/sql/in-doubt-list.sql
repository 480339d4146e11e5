select a.message_uuid, a.holder, a.provider, a.attempts, a.reason, a.dispatched_at,
  coalesce((select max(c.number) from messaging.in_doubt_checks c
    where c.message_uuid = a.message_uuid and c.attempt_token = a.attempt_token), 0) as checks
from messaging.execution_authority a
where a.holder in ('go', 'legacy') and a.state = 'in_doubt'
order by a.message_uuid
limit $1::integer
