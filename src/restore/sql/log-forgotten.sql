-- The service's log of messages that it had a verdict on.
insert into messaging.go_sms_logs (message_uuid, dry_run, recipient, sender, body, status, reason)
select message_uuid, false, recipient, sender, body, status, $6::text
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
  as i (message_uuid, recipient, sender, body, status)
order by message_uuid
on conflict (message_uuid, dry_run) do nothing
