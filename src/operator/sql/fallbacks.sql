select l.message_uuid, l.status, g.message_uuid is not null as service_too
from legacy.sms_logs l
left join legacy.sms_logs g on g.message_uuid = l.message_uuid and g.source = 'go' and not g.dry_run
  and g.status <> 'rejected'
where l.source = 'legacy' and l.fallback = 'timeout' and l.message_uuid >= $1::uuid
order by l.message_uuid desc
limit 10000
