-- claimed(go) -> claimed(legacy) by the gateway's role, also when the service is down for good: the ledger and the
-- service's log change together, and the gateway gets no right to write that log.
create function messaging.hand_back(wanted uuid[], token uuid, why text) returns setof uuid
language sql volatile security definer set search_path = pg_catalog, pg_temp
begin atomic
  with picked as (
    select a.message_uuid
    from messaging.execution_authority a
    where a.message_uuid = any (wanted) and a.holder = 'go' and a.state = 'claimed'
    order by a.message_uuid
    for update
  ), handed as (
    update messaging.execution_authority a
    set holder = 'legacy', epoch = a.epoch + 1, attempt_token = token, reason = why
    from picked
    where a.message_uuid = picked.message_uuid and a.holder = 'go' and a.state = 'claimed'
      and (select set_config('synchronous_commit', 'on', true)) = 'on'
    returning a.message_uuid
  ), logged as (
    update messaging.go_sms_logs l
    set status = 'handed_back', reason = why, report_at = null, updated_at = now()
    from handed h
    where l.message_uuid = h.message_uuid and not l.dry_run
    returning l.message_uuid
  )
  select message_uuid from logged
  union
  -- By an earlier run under this token, whose answer was lost.
  select a.message_uuid
  from messaging.execution_authority a
  where a.message_uuid = any (wanted) and a.holder = 'legacy' and a.attempt_token = token;
end;
revoke all on function messaging.hand_back(uuid[], uuid, text) from public;

-- What the legacy side has to send next; what is scheduled stands behind what is due.
create index execution_authority_handed_back on messaging.execution_authority (not_before, message_uuid)
  where holder = 'legacy' and state = 'claimed';
