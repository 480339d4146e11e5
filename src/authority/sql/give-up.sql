-- Nobody will ever send these: takes the place of a claim that has not come.
insert into messaging.execution_authority (message_uuid, state, holder, attempt_token, reason, settled_at)
select message_uuid, 'void', null, $2::uuid, $3::text, now()
from unnest($1::uuid[]) as i (message_uuid)
where (select set_config('synchronous_commit', 'on', true)) = 'on'
order by message_uuid
on conflict (message_uuid) do nothing
returning message_uuid
