-- Messages that the ledger gives back to the legacy side, and for whose verdict the caller was told `accepted`: the
-- log says so, and the settler's work list has them until the legacy side's own row is written.
with handed as (
  update legacy.sms_logs l
  set delivery_status = 'handed_back', delivery_error = null,
      delivery_at = case when l.delivery_status = 'handed_back' then l.delivery_at else now() end
  from unnest($1::uuid[]) as i (message_uuid)
  where l.message_uuid = i.message_uuid and l.source = 'go' and not l.dry_run
    and l.status in ('accepted', 'duplicate')
    and (select set_config('synchronous_commit', 'on', true)) = 'on'
  returning l.message_uuid, l.request_id
), noted as (
  insert into legacy.unresolved_messages (message_uuid, request_id, reason, handed_back)
  select message_uuid, request_id, 'handed back by the messaging service', true
  from handed
  order by message_uuid
  on conflict (message_uuid) do update set handed_back = true
)
select message_uuid, request_id from handed
