-- The legacy claim, which is at once the dispatch: committed before the first byte goes to a provider. What is
-- not due yet is held instead ($4: send_at), so that nobody else can take it; what is past its validity ($5)
-- becomes void. By this server's clock.
insert into messaging.execution_authority
  (message_uuid, state, holder, attempt_token, attempts, provider, reason, not_before, valid_until,
   dispatched_at, settled_at)
select message_uuid, state, case when state <> 'void' then 'legacy' end, $2::uuid,
  (state = 'dispatched')::integer, case when state = 'dispatched' then $3::text end,
  case when state = 'void' then 'valid_until has passed' end, greatest(send_at, now()), valid_until,
  case when state = 'dispatched' then now() end, case when state = 'void' then now() end
from (
  select message_uuid, send_at, valid_until,
    case when valid_until <= now() then 'void' when send_at > now() then 'claimed' else 'dispatched' end as state
  from unnest($1::uuid[], $4::timestamptz[], $5::timestamptz[]) as i (message_uuid, send_at, valid_until)
) i
where (select set_config('synchronous_commit', 'on', true)) = 'on'
order by message_uuid
on conflict (message_uuid) do nothing
returning message_uuid, state = 'dispatched' as is_dispatched
