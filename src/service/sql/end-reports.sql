-- $3: when to tell it again, in ms from now; null: it is told. A change that came meanwhile is told anyway.
update messaging.go_sms_logs l
set report_at = now() + i.again_ms * interval '1 millisecond'
from unnest($1::uuid[], $2::integer[], $3::float8[]) as i (message_uuid, version, again_ms)
where l.message_uuid = i.message_uuid and not l.dry_run and l.version = i.version
returning l.message_uuid
