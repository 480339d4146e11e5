-- Those of these messages that belong to the tenant: by their verdict, or by a request that is still open.
select u.message_uuid
from unnest($1::uuid[]) u (message_uuid)
where exists (select from legacy.sms_logs l
    where l.message_uuid = u.message_uuid and l.source = 'go' and not l.dry_run and l.tenant = $2::text)
  or exists (select from legacy.requests r
    where r.answered_at is null and r.tenant = $2::text and u.message_uuid = any (r.message_uuids))
