-- In the ledger's own ways in: as accepted, as claimed for legacy, or as given up for what the service rejected.
insert into messaging.execution_authority
  (message_uuid, state, holder, attempt_token, attempts, provider, dispatched_at, settled_at, reason)
select message_uuid,
  case way when 'go' then 'claimed' when 'legacy' then 'dispatched' else 'void' end,
  case way when 'nobody' then null else way end,
  gen_random_uuid(),
  case way when 'legacy' then 1 else 0 end,
  case way when 'legacy' then $3::text end,
  case way when 'legacy' then now() end,
  case way when 'nobody' then now() end,
  $4::text
from unnest($1::uuid[], $2::text[]) as i (message_uuid, way)
order by message_uuid
on conflict (message_uuid) do nothing
returning message_uuid
