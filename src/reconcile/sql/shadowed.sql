-- Shadowed messages with what the legacy side did and what the gateway logged of the dry run.
select l.message_uuid, l.status as legacy_status, l.recipient, r.sender, d.status as dry_status,
  (date_part('epoch', now() - l.created_at) * 1000)::bigint as age_ms
from legacy.sms_logs l
join legacy.requests r using (request_id)
left join legacy.sms_logs d on d.message_uuid = l.message_uuid and d.source = 'go' and d.dry_run
where l.mode = 'SHADOW' and not l.dry_run and l.message_uuid between $1::uuid and $2::uuid
order by l.message_uuid
limit $3::integer
