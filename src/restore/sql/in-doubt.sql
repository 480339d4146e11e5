select message_uuid, attempt_token, holder
from messaging.execution_authority
where state = 'in_doubt' and message_uuid > $1::uuid
order by message_uuid
limit $2::integer
