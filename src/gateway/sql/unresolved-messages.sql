-- What the ledger is to be asked about again; what is held until its time stands apart. A message that was scheduled
-- is never too old: how late is too late its valid_until says.
select u.message_uuid, u.request_id, u.fallback, u.unspent_token, u.handed_back,
  u.noted_at < now() - $1::integer * interval '1 millisecond'
    and (r.send_at is null or r.send_at <= r.received_at) as too_old
from legacy.unresolved_messages u
join legacy.requests r using (request_id)
where u.due_at is null
order by u.noted_at
limit $2::integer
