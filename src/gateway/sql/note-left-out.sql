insert into legacy.shadow_left_out (message_uuid, reason, epoch)
select message_uuid, reason, epoch
from unnest($1::uuid[], $2::text[], $3::bigint[]) as i (message_uuid, reason, epoch)
order by message_uuid
on conflict (message_uuid) do nothing
