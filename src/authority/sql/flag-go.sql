-- The reaper of the service: flags what was dispatched and has no outcome. It frees nothing.
with overdue as (
  select message_uuid
  from messaging.execution_authority
  where holder = 'go' and state = 'dispatched'
    and dispatched_at < now() - $1::integer * interval '1 millisecond'
  order by message_uuid
  limit $2::integer
  for update skip locked
), flagged as (
  update messaging.execution_authority a
  set state = 'in_doubt', reason = 'no outcome was recorded in time'
  from overdue
  where a.message_uuid = overdue.message_uuid and a.state = 'dispatched'
  returning a.message_uuid, a.provider, a.reason
)
update messaging.go_sms_logs l
set status = 'in_doubt', provider = f.provider, reason = f.reason, updated_at = now()
from flagged f
where l.message_uuid = f.message_uuid and not l.dry_run
returning l.message_uuid
