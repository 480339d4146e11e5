-- Begins the next look-ups and replays that are due, committed before any request: $2 to $6 go together, one entry
-- a provider that can settle a doubt. A check comes after a pause that doubles; none after the provider's window.
with due as (
  select a.message_uuid, a.attempt_token, a.provider, a.dispatched_at, p.kind, p.request_ms,
    coalesce(c.number, 0) + 1 as number
  from unnest($2::text[], $3::text[], $4::float8[], $5::float8[], $6::integer[])
    as p (provider, kind, window_ms, request_ms, checks_max)
  join messaging.execution_authority a on a.provider = p.provider
  left join lateral (
    select c.number, c.started_at, c.ended_at, c.gives_up_at
    from messaging.in_doubt_checks c
    where c.message_uuid = a.message_uuid and c.attempt_token = a.attempt_token
    order by c.number desc
    limit 1
  ) c on true
  where a.holder = 'go' and a.state = 'in_doubt'
    and a.dispatched_at > now() - (p.window_ms - p.request_ms) * interval '1 millisecond'
    and (c.number is null or (c.number < p.checks_max
      and (c.ended_at is not null or c.gives_up_at < now())
      and c.started_at < now() - $7::float8 * 2 ^ (c.number - 1) * interval '1 millisecond'))
  order by a.message_uuid
  limit $1::integer
  for update of a skip locked
), begun as (
  insert into messaging.in_doubt_checks (message_uuid, attempt_token, number, kind, provider, gives_up_at)
  select message_uuid, attempt_token, number, kind, provider,
    clock_timestamp() + request_ms * interval '1 millisecond'
  from due
  where (select set_config('synchronous_commit', 'on', true)) = 'on'
  on conflict do nothing
  returning message_uuid, attempt_token, number, kind, provider
)
select b.message_uuid, b.attempt_token, b.number, b.kind, b.provider, l.recipient, l.sender, l.body,
  (extract(epoch from d.dispatched_at) * 1000)::float8 as dispatched_at_ms
from begun b
join due d using (message_uuid)
join messaging.go_sms_logs l on l.message_uuid = b.message_uuid and not l.dry_run
