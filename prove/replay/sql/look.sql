-- The ledger's rows as the specification sees them; replays are those of the row's own attempt.
select a.message_uuid, a.state, coalesce(a.holder, 'nobody') as holder, a.epoch, a.attempts, a.attempt_token, a.lane,
  coalesce(a.valid_until <= now(), false) as late, a.not_before > now() as held, c.replays, c.is_replaying
from messaging.execution_authority a
cross join lateral (
  select count(*) as replays, coalesce(bool_or(c.ended_at is null), false) as is_replaying
  from messaging.in_doubt_checks c
  where c.message_uuid = a.message_uuid and c.attempt_token = a.attempt_token
) c
where a.message_uuid = any ($1::uuid[])
