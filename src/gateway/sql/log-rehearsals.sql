insert into legacy.legacy_rehearsals (message_uuid, left_out, first_answer, second_answer, epoch)
select message_uuid, left_out, first_answer, second_answer, epoch
from unnest($1::uuid[], $2::text[], $3::jsonb[], $4::jsonb[], $5::bigint[])
  as i (message_uuid, left_out, first_answer, second_answer, epoch)
order by message_uuid
on conflict (message_uuid) do nothing
