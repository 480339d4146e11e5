update legacy.unresolved_messages
set unspent_token = null
where unspent_token is not null and noted_at <= $1::timestamptz
