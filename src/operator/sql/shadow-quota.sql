select count(*) as sample, count(q.message_uuid) as settlements
from legacy.sms_logs l
left join legacy.quota_settlements q using (message_uuid)
where l.mode = 'SHADOW' and not l.dry_run and l.message_uuid >= $1::uuid
