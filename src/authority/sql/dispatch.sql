-- The second compare-and-set: claimed -> dispatched for what waits in a provider's lane, or in nobody's ($4 and $5
-- go together: lane and priority, the most urgent first), the oldest first. Several dispatchers share the work by
-- skipping each other's rows. A slot, and a message of a window, goes only while an opening ($7, $8; $10 to $12)
-- is now, by this server's clock; windows that are not in $9 bind nobody. What has opted out or is past its validity since it was claimed becomes void here.
with picked as (
  select e.message_uuid, e.valid_until
  from unnest($4::text[], $5::smallint[], $7::timestamptz[], $8::timestamptz[]) as s (lane, priority, opens, closes)
  cross join lateral (
    select a.message_uuid, a.valid_until
    from messaging.execution_authority a
    where a.holder = 'go' and a.state = 'claimed' and a.lane = s.lane and a.paced = $6::text
      and a.priority = s.priority and a.not_before <= now()
      and (a.sending_window <> all ($9::text[]) or exists (
        select from unnest($10::text[], $11::timestamptz[], $12::timestamptz[]) as w (name, opens, closes)
        where w.name = a.sending_window and w.opens <= now() and w.closes > now()))
    order by a.not_before
    limit $1::integer
    for update skip locked
  ) e
  where s.opens <= now() and s.closes > now()
  limit $1::integer
), candidate as (
  select p.message_uuid, l.recipient, l.sender, l.body,
    case
      when p.valid_until <= now() then 'valid_until has passed'
      when exists (select from messaging.opt_outs o
        where o.recipient = l.recipient and (l.sender is null or o.sender = '' or ltrim(o.sender, '+') = ltrim(l.sender, '+'))) then 'to: has opted out'
    end as void_reason
  from picked p
  join messaging.go_sms_logs l on l.message_uuid = p.message_uuid and not l.dry_run
), voided as (
  update messaging.execution_authority a
  set state = 'void', holder = null, epoch = a.epoch + 1, attempt_token = $2::uuid, reason = c.void_reason,
      settled_at = now()
  from candidate c
  where a.message_uuid = c.message_uuid and a.state = 'claimed' and c.void_reason is not null
  returning a.message_uuid, a.reason
), voided_log as (
  update messaging.go_sms_logs l
  set status = 'void', reason = v.reason, updated_at = now()
  from voided v
  where l.message_uuid = v.message_uuid and not l.dry_run
), dispatched as (
  update messaging.execution_authority a
  set state = 'dispatched', attempt_token = $2::uuid, attempts = a.attempts + 1, provider = $3::text,
      reason = null, dispatched_at = now()
  from candidate c
  where a.message_uuid = c.message_uuid and a.state = 'claimed' and c.void_reason is null
    and (select set_config('synchronous_commit', 'on', true)) = 'on'
  returning a.message_uuid, a.attempts, a.route, a.dispatched_at, a.valid_until, c.recipient, c.sender, c.body
)
select message_uuid, attempts, route, recipient, sender, body,
  (extract(epoch from dispatched_at) * 1000)::float8 as dispatched_at_ms,
  (extract(epoch from valid_until - now()) * 1000)::float8 as valid_ms
from dispatched
