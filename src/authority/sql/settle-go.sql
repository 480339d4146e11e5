-- Outcomes of the service's attempts, in the ledger and in the service's log. A result counts only under the
-- token it began with. With the holder the plan may use the index of the open rows and reads no others' range.
with changed as (
  update messaging.execution_authority a
  set state = i.state, provider_message_id = i.provider_message_id, reason = i.reason,
      settled_at = case when i.state <> 'in_doubt' then now() end
  from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[])
    as i (message_uuid, attempt_token, state, provider_message_id, reason)
  where a.message_uuid = i.message_uuid and a.attempt_token = i.attempt_token
    and a.holder = 'go' and a.state = 'dispatched'
    and (select set_config('synchronous_commit', 'on', true)) = 'on'
  returning a.message_uuid, a.state, a.provider, a.provider_message_id, a.reason
)
update messaging.go_sms_logs l
set status = c.state, provider = c.provider, provider_message_id = c.provider_message_id, reason = c.reason,
    updated_at = now()
from changed c
where l.message_uuid = c.message_uuid and not l.dry_run
returning l.message_uuid
