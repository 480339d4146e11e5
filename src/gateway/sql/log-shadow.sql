insert into legacy.sms_logs
  (message_uuid, source, dry_run, status, request_id, tenant, recipient, mode, epoch, reason, service_would, legacy_did)
select message_uuid, 'go', true, status, request_id, tenant, recipient, 'SHADOW', epoch, reason, service_would, legacy_did
from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::jsonb[],
    $9::jsonb[])
  as i (message_uuid, status, request_id, tenant, recipient, epoch, reason, service_would, legacy_did)
order by message_uuid
on conflict (message_uuid, source, dry_run) do nothing
