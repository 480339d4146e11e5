insert into messaging.go_sms_logs (message_uuid, dry_run, recipient, sender, status, reason)
select message_uuid, $4::boolean, recipient, null, 'rejected', reason
from unnest($1::uuid[], $2::text[], $3::text[]) as i (message_uuid, recipient, reason)
order by message_uuid
on conflict (message_uuid, dry_run) do nothing
returning message_uuid
