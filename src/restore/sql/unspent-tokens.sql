select message_uuid, unspent_token
from legacy.unresolved_messages
where unspent_token is not null and noted_at <= $1::timestamptz
order by message_uuid
