select request_id, tenant, idempotency_key, content_sha256, mode, ramp_percent, epoch, body, sender,
  message_uuids, recipients, mentions, priority, send_at, valid_until, segments_max, owner, answered_at is not null as answered, answer::text as answer
from legacy.requests
where request_id = $1::uuid or (tenant = $2::text and idempotency_key = $3::text)
