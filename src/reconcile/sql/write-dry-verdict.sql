insert into legacy.sms_logs
  (message_uuid, source, dry_run, status, request_id, tenant, recipient, mode, epoch, reason)
values ($1::uuid, 'go', true, $2::text, $3::uuid, $4::text, $5::text, 'SHADOW', $6::bigint, $7::text)
on conflict (message_uuid, source, dry_run) do nothing
returning message_uuid
