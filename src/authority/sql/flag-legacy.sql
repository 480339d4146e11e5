-- The reaper of the legacy side: flags what was dispatched and has no outcome. It frees nothing.
update messaging.execution_authority a
set state = 'in_doubt', reason = 'no outcome was recorded in time'
from (
  select message_uuid
  from messaging.execution_authority
  where holder = 'legacy' and state = 'dispatched'
    and dispatched_at < now() - $1::integer * interval '1 millisecond'
  order by message_uuid
  limit $2::integer
  for update skip locked
) overdue
where a.message_uuid = overdue.message_uuid and a.state = 'dispatched'
returning a.message_uuid
