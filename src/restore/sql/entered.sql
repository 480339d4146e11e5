-- What the gateway entered and the ledger may have forgotten: everything since the horizon, less the margin, and
-- whatever older request or message had no end yet. Nothing that was entered behind the fence. In pieces, by request.
with piece as (
  select r.request_id, r.message_uuids, r.recipients, r.sender, r.body
  from legacy.requests r
  where r.request_id > $1::uuid and r.received_at <= $2::timestamptz
    and (r.received_at >= $3::timestamptz or r.answered_at is null
      or exists (select from legacy.unresolved_messages u where u.request_id = r.request_id))
  order by r.request_id
  limit $4::integer
)
select p.request_id, m.message_uuid, m.recipient, p.sender, p.body, l.source, l.status
from piece p
cross join lateral unnest(p.message_uuids, p.recipients) as m (message_uuid, recipient)
-- Where both sides have a row, the legacy side was the later one.
left join lateral (
  select s.source, s.status from legacy.sms_logs s
  where s.message_uuid = m.message_uuid and not s.dry_run
  order by s.source = 'legacy' desc
  limit 1
) l on true
order by p.request_id, m.message_uuid
