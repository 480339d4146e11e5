-- What became of the messages of a range of requests, all at one instant, each counted once. An outcome of the
-- legacy side stands before an acceptance, which was handed back then, and a rejection before anything but a send.
select count(*) as entered,
  count(*) filter (where g.status in ('accepted', 'duplicate') and l.status is null) as service_accepted,
  count(*) filter (where g.status = 'rejected' and l.status is distinct from 'sent') as rejected,
  count(*) filter (where l.status = 'sent') as legacy_sent,
  count(*) filter (where g.status is distinct from 'rejected' and l.status = 'failed') as failed,
  count(*) filter (where g.status is distinct from 'rejected' and l.status = 'in_doubt') as in_doubt,
  count(*) filter (where g.status is null and l.status is null and n.due_at > now()) as scheduled,
  count(*) filter (where g.status is null and l.status is null and n.message_uuid is not null
    and (n.due_at > now()) is not true) as unresolved,
  count(*) filter (where g.status is null and l.status is null and n.message_uuid is null
    and r.answered_at is null) as open
from legacy.requests r
cross join lateral unnest(r.message_uuids) m (message_uuid)
left join legacy.sms_logs g on g.message_uuid = m.message_uuid and g.source = 'go' and not g.dry_run
left join legacy.sms_logs l on l.message_uuid = m.message_uuid and l.source = 'legacy' and not l.dry_run
left join legacy.unresolved_messages n on n.message_uuid = m.message_uuid
where r.request_id between $1::uuid and $2::uuid
