-- The legacy claim, which is at once the dispatch: committed before the first byte goes to a provider.
insert into messaging.execution_authority
  (message_uuid, state, holder, attempt_token, attempts, provider, dispatched_at)
select message_uuid, 'dispatched', 'legacy', $2::uuid, 1, $3::text, now()
from unnest($1::uuid[]) as i (message_uuid)
where (select set_config('synchronous_commit', 'on', true)) = 'on'
order by message_uuid
on conflict (message_uuid) do nothing
returning message_uuid
