-- As dispatch.sql, held to paces across all processes: the rows of $7 are locked until the commit, and what is
-- dispatched is charged to them. A pace lets through what has gathered since `used_until`, at most its burst. Openings: $10 to $15.
with pace as (
  select p.name, w.interval_us, clock_timestamp() as at,
    greatest(p.used_until, clock_timestamp() - w.burst * w.interval_us * interval '1 microsecond') as used_until
  from unnest($7::text[], $8::float8[], $9::integer[]) as w (name, interval_us, burst)
  join messaging.paces p using (name)
  order by p.name
  for update of p
), room as (
  -- A pace that has no row lets nothing through.
  select case when count(*) = cardinality($7::text[])
      then least($1::integer, min(floor(extract(epoch from at - used_until) * 1000000 / interval_us)))::integer
      else 0 end as messages
  from pace
), picked as (
  select e.message_uuid, e.valid_until
  from unnest($4::text[], $5::smallint[], $10::timestamptz[], $11::timestamptz[]) as s (lane, priority, opens, closes)
  cross join lateral (
    select a.message_uuid, a.valid_until
    from messaging.execution_authority a
    where a.holder = 'go' and a.state = 'claimed' and a.lane = s.lane and a.paced = $6::text
      and a.priority = s.priority and a.not_before <= now()
      and (a.sending_window <> all ($12::text[]) or exists (
        select from unnest($13::text[], $14::timestamptz[], $15::timestamptz[]) as w (name, opens, closes)
        where w.name = a.sending_window and w.opens <= now() and w.closes > now()))
    order by a.not_before
    limit (select messages from room)
    for update skip locked
  ) e
  where s.opens <= now() and s.closes > now()
  limit (select messages from room)
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
), charged as (
  update messaging.paces p
  set used_until = pace.used_until + (select count(*) from dispatched) * pace.interval_us * interval '1 microsecond'
  from pace
  where p.name = pace.name and exists (select from dispatched)
)
select message_uuid, attempts, route, recipient, sender, body,
  (extract(epoch from dispatched_at) * 1000)::float8 as dispatched_at_ms,
  (extract(epoch from valid_until - now()) * 1000)::float8 as valid_ms
from dispatched
