-- Shadowed messages: what the legacy side did, what the gateway logged of the dry run or why it did not, and what
-- the legacy side said twice that it would do.
select l.message_uuid, l.status as legacy_status, l.recipient, r.sender, d.status as dry_status,
  d.service_would, d.legacy_did, n.reason as note,
  b.left_out as rehearsal_left_out, b.first_answer, b.second_answer, b.message_uuid is not null as is_rehearsal,
  (date_part('epoch', now() - l.created_at) * 1000)::bigint as age_ms
from legacy.sms_logs l
join legacy.requests r using (request_id)
left join legacy.sms_logs d on d.message_uuid = l.message_uuid and d.source = 'go' and d.dry_run
left join legacy.shadow_left_out n on n.message_uuid = l.message_uuid
left join legacy.legacy_rehearsals b on b.message_uuid = l.message_uuid
where l.mode = 'SHADOW' and l.source = 'legacy' and not l.dry_run and l.message_uuid between $1::uuid and $2::uuid
order by l.message_uuid
limit $3::integer
