-- In the ledger's own ways in: as accepted, as claimed for legacy, as held until a time that has not come ($6 to $8),
-- or as given up for what the service rejected.
insert into messaging.execution_authority
  (message_uuid, state, holder, attempt_token, attempts, provider, not_before, valid_until, priority, dispatched_at,
   settled_at, reason)
select message_uuid,
  case when way = 'nobody' then 'void' when way = 'go' or held then 'claimed' else 'dispatched' end,
  case when way = 'nobody' then null when way = 'go' then 'go' else 'legacy' end,
  gen_random_uuid(),
  case when way in ('legacy', 'handed_back') and not held then 1 else 0 end,
  case when way in ('legacy', 'handed_back') and not held then $3::text end,
  -- A hold begins in the future, also where its time has come since the fence went up.
  case when held then greatest(send_at, now() + interval '1 second') else now() end,
  case when held then valid_until end,
  coalesce(priority, 1),
  case when way in ('legacy', 'handed_back') and not held then now() end,
  case when way = 'nobody' then now() end,
  $4::text
from unnest($1::uuid[], $2::text[], $5::boolean[], $6::timestamptz[], $7::timestamptz[], $8::smallint[])
  as i (message_uuid, way, held, send_at, valid_until, priority)
order by message_uuid
on conflict (message_uuid) do nothing
returning message_uuid
