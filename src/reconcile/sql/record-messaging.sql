-- Everything the service's side has of some messages, with ages in ms by its own clock.
select u.message_uuid,
  g.status as go_status, g.provider_message_id, g.reason, g.delivery_status, g.version,
  (date_part('epoch', now() - greatest(g.created_at, g.updated_at)) * 1000)::bigint as go_age_ms,
  d.status as dry_status, d.reason as dry_reason,
  (date_part('epoch', now() - d.created_at) * 1000)::bigint as dry_age_ms,
  a.holder, a.state as ledger_state, a.state <> 'claimed' or a.not_before <= now() as is_due,
  (date_part('epoch', now() - greatest(a.claimed_at, a.dispatched_at, a.settled_at,
    case when a.holder = 'legacy' and a.state = 'claimed' then a.not_before end)) * 1000)::bigint as ledger_age_ms
from unnest($1::uuid[]) as u (message_uuid)
left join messaging.go_sms_logs g on g.message_uuid = u.message_uuid and not g.dry_run
left join messaging.go_sms_logs d on d.message_uuid = u.message_uuid and d.dry_run
left join messaging.execution_authority a on a.message_uuid = u.message_uuid
