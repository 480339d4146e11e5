-- Keyed apart from real sends, so that a shadowed message leaves no trace in its later real life.
insert into messaging.go_sms_logs (message_uuid, dry_run, recipient, sender, status)
select message_uuid, true, recipient, sender, 'accepted'
from unnest($1::uuid[], $2::text[], $3::text[]) as i (message_uuid, recipient, sender)
order by message_uuid
on conflict (message_uuid, dry_run) do nothing
returning message_uuid
