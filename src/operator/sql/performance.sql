-- How messages of ON and of the legacy side ended, and how long their callers waited. Those of drills (tenant $3) meet
-- faults on purpose and are left out.
select is_on, count(*) as messages,
  count(*) filter (where status in ('rejected', 'failed', 'in_doubt')) as errors,
  percentile_cont(0.99) within group (order by waited_ms) as p99_ms
from (
  select l.mode = 'ON' as is_on, l.status, (date_part('epoch', r.answered_at - r.received_at) * 1000) as waited_ms
  from legacy.sms_logs l
  join legacy.requests r using (request_id)
  where not l.dry_run and not l.handed_back and r.answered_at is not null and l.tenant <> $3::text
    and l.message_uuid >= case when l.mode = 'ON' then $1::uuid else $2::uuid end
    and l.message_uuid >= $2::uuid
) i
group by is_on
