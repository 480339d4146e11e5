select f.fence_id, f.reason, f.actor, f.raised_at, f.entered_until, f.horizon, f.marked_at, f.marked_messages,
  extract(epoch from f.raised_at)::float8 * 1000 as raised_ms
from messaging.fences f
where f.lifted_at is null
