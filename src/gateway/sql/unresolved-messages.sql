select message_uuid, request_id, fallback, unspent_token, handed_back,
  noted_at < now() - $1::integer * interval '1 millisecond' as too_old
from legacy.unresolved_messages
order by noted_at
limit $2::integer
