-- Everything the gateway has of some messages, with ages in ms by its own clock; what is held until its time
-- counts from then, so that its age is negative before. A message without a row in
-- sms_logs and without a note is looked for in the requests of its own moment.
select u.message_uuid,
  l.status as legacy_status, (date_part('epoch', now() - l.created_at) * 1000)::bigint as legacy_age_ms,
  g.status as go_status, g.mode as go_mode, g.delivery_status, (date_part('epoch', now() - g.created_at) * 1000)::bigint as go_age_ms,
  l.mode as legacy_mode,
  d.status as dry_status, (date_part('epoch', now() - d.created_at) * 1000)::bigint as dry_age_ms,
  q.charged, (date_part('epoch', now() - q.settled_at) * 1000)::bigint as quota_age_ms,
  (date_part('epoch', now() - greatest(n.noted_at, n.due_at)) * 1000)::bigint as unresolved_age_ms,
  r.request_id, (date_part('epoch', now() - r.received_at) * 1000)::bigint as request_age_ms, (date_part('epoch', now() - r.answered_at) * 1000)::bigint as answered_age_ms
from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as u (message_uuid, near_from, near_to)
left join legacy.sms_logs l on l.message_uuid = u.message_uuid and l.source = 'legacy' and not l.dry_run
left join legacy.sms_logs g on g.message_uuid = u.message_uuid and g.source = 'go' and not g.dry_run
left join legacy.sms_logs d on d.message_uuid = u.message_uuid and d.source = 'go' and d.dry_run
left join legacy.quota_settlements q on q.message_uuid = u.message_uuid
left join legacy.unresolved_messages n on n.message_uuid = u.message_uuid
left join lateral (
  select request_id, received_at, answered_at, message_uuids
  from legacy.requests
  where request_id = coalesce(g.request_id, l.request_id, d.request_id, n.request_id)
    and u.message_uuid = any (message_uuids)
  union all
  select request_id, received_at, answered_at, message_uuids
  from legacy.requests
  where coalesce(g.request_id, l.request_id, d.request_id, n.request_id) is null
    and request_id between u.near_from and u.near_to and u.message_uuid = any (message_uuids)
  limit 1
) r on true
