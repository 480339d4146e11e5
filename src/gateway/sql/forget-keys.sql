-- A key is kept for thirty days; then the same key is a new request.
update legacy.requests
set idempotency_key = null, answer = null
where request_id in (
  select request_id from legacy.requests
  where idempotency_key is not null and received_at < now() - interval '30 days' and answered_at is not null
  limit 1000
)
returning request_id
