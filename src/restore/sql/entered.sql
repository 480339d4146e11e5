-- What the gateway entered and the ledger may have forgotten: everything since the horizon, less the margin, and
-- whatever older request or message had no end yet. Nothing that was entered behind the fence. In pieces, by request.
with piece as (
  select r.request_id, r.message_uuids, r.recipients, r.sender, r.body,
    array_position(array['code', 'normal', 'bulk'], r.priority) - 1 as priority, r.send_at, r.valid_until
  from legacy.requests r
  where r.request_id > $1::uuid and r.received_at <= $2::timestamptz
    and (r.received_at >= $3::timestamptz or r.answered_at is null
      or exists (select from legacy.unresolved_messages u where u.request_id = r.request_id))
  order by r.request_id
  limit $4::integer
)
select p.request_id, m.message_uuid, m.recipient, p.sender, p.body, p.priority, p.send_at, p.valid_until,
  g.status as service_said, l.status as legacy_said, g.delivery_status,
  coalesce(g.delivery_status = 'handed_back' or l.handed_back, false) as handed_back
from piece p
cross join lateral unnest(p.message_uuids, p.recipients) as m (message_uuid, recipient)
left join legacy.sms_logs g on g.message_uuid = m.message_uuid and g.source = 'go' and not g.dry_run
left join legacy.sms_logs l on l.message_uuid = m.message_uuid and l.source = 'legacy' and not l.dry_run
order by p.request_id, m.message_uuid
