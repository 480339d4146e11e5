-- Requests without an answer that have had time to get one. Those with a key wait for their caller first, though
-- not past the time their messages are due.
select request_id, owner, idempotency_key is not null as keyed,
  (received_at < now() - $2::integer * interval '1 millisecond' or coalesce(send_at <= now(), false)) as too_old
from legacy.requests
where answered_at is null and received_at < now() - $1::integer * interval '1 millisecond'
order by received_at
limit $3::integer
