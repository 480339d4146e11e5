-- What the ledger is to be asked about again; what is held until its time stands apart. Nothing is too old before
-- it is due.
select u.message_uuid, u.request_id, u.fallback, u.unspent_token,
  greatest(u.noted_at, r.send_at) < now() - $1::integer * interval '1 millisecond' as too_old
from legacy.unresolved_messages u
join legacy.requests r using (request_id)
where u.due_at is null
order by u.noted_at
limit $2::integer
