-- What the copy holds as not yet sent, or as under way: it may have been sent afterwards. A message that was never
-- tried and is not due yet cannot have been.
select message_uuid
from messaging.execution_authority
where (state = 'dispatched' or (state = 'claimed' and (attempts > 0 or not_before <= $1::timestamptz)))
  and holder is not null and message_uuid > $2::uuid
order by message_uuid
limit $3::integer
