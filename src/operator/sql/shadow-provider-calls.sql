-- Shadowed messages, and those of them that the service has dispatched or even holds.
select count(*) as sample, count(*) filter (where a.holder = 'go') as provider_calls
from messaging.go_sms_logs d
left join messaging.execution_authority a using (message_uuid)
where d.dry_run and d.message_uuid >= $1::uuid
