with marked as (
  update messaging.execution_authority
  set state = 'in_doubt', reason = $2::text
  where message_uuid = any ($1::uuid[]) and state = 'dispatched'
  returning message_uuid, holder, provider, reason
), logged as (
  -- The service's log of what it handed back says no more than that.
  update messaging.go_sms_logs l
  set status = 'in_doubt', provider = m.provider, reason = m.reason, updated_at = now()
  from marked m
  where l.message_uuid = m.message_uuid and not l.dry_run and m.holder = 'go'
)
select message_uuid from marked
