insert into legacy.sms_logs
  (message_uuid, source, dry_run, status, request_id, tenant, recipient, mode, epoch, reason)
select message_uuid, 'go', true, status, request_id, tenant, recipient, 'SHADOW', epoch, reason
from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::bigint[], $7::text[])
  as i (message_uuid, status, request_id, tenant, recipient, epoch, reason)
order by message_uuid
on conflict (message_uuid, source, dry_run) do nothing
