-- The second compare-and-set: claimed -> dispatched for whatever this holder has claimed, oldest first.
-- Several dispatchers share the work by skipping each other's rows.
with picked as (
  select message_uuid
  from messaging.execution_authority
  where holder = 'go' and state = 'claimed' and not_before <= now()
  order by message_uuid
  limit $1::integer
  for update skip locked
), dispatched as (
  update messaging.execution_authority a
  set state = 'dispatched', attempt_token = $2::uuid, attempts = a.attempts + 1, provider = $3::text,
      reason = null, dispatched_at = now()
  from picked
  where a.message_uuid = picked.message_uuid and a.state = 'claimed'
    and (select set_config('synchronous_commit', 'on', true)) = 'on'
  returning a.message_uuid, a.epoch, a.attempts
)
select message_uuid, epoch, attempts, recipient, sender, body
from dispatched
join messaging.go_sms_logs using (message_uuid)
where not dry_run
