select u.request_id, u.fallback, u.reason, u.noted_at, u.due_at, r.tenant,
  r.recipients[array_position(r.message_uuids, u.message_uuid)] as recipient
from legacy.unresolved_messages u
join legacy.requests r using (request_id)
where u.message_uuid = $1::uuid and ($2::text is null or r.tenant = $2::text)
