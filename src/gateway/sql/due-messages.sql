-- A page of what is due now, the longest first; $2 and $3: the last of the page before.
select message_uuid, request_id, fallback, due_at::text as due_at
from legacy.unresolved_messages
where due_at <= now() and (due_at, message_uuid) > ($2::text::timestamptz, $3::uuid)
order by due_at, message_uuid
limit $1::integer
