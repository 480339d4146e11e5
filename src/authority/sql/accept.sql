-- Acceptance: the claim together with the service's log row, in one durable transaction. Sorted, so that two
-- batches that share messages cannot deadlock. Run again with the same token it changes nothing. A number that
-- said STOP is not claimed: its message is logged as rejected, unless the ledger has it already. A message without
-- a sender goes out under one that the provider picks, so a STOP to any sender is meant.
with input as (
  select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $6::text[], $7::text[], $8::text[],
      $9::smallint[], $10::timestamptz[], $11::timestamptz[], $12::text[])
    as i (message_uuid, recipient, sender, body, lane, route, paced, priority, send_at, valid_until, sending_window)
), stopped as (
  select i.message_uuid, i.recipient, i.sender
  from input i
  where exists (select from messaging.opt_outs o
      where o.recipient = i.recipient and (i.sender is null or o.sender = '' or ltrim(o.sender, '+') = ltrim(i.sender, '+')))
    and not exists (select from messaging.execution_authority a where a.message_uuid = i.message_uuid)
), claimed as (
  insert into messaging.execution_authority
    (message_uuid, state, holder, attempt_token, lane, route, paced, priority, not_before, valid_until,
     sending_window)
  select message_uuid, 'claimed', 'go', $5::uuid, lane, route::text[], paced, priority,
    greatest(coalesce(send_at, now()), now()), valid_until, sending_window
  from input i
  where (select set_config('synchronous_commit', 'on', true)) = 'on'
    and not exists (select from stopped s where s.message_uuid = i.message_uuid)
  order by message_uuid
  on conflict (message_uuid) do nothing
  returning message_uuid
), logged as (
  insert into messaging.go_sms_logs (message_uuid, dry_run, recipient, sender, body, status)
  select message_uuid, false, recipient, sender, body, 'accepted'
  from input
  join claimed using (message_uuid)
  order by message_uuid
  on conflict (message_uuid, dry_run) do update
    set recipient = excluded.recipient, sender = excluded.sender, body = excluded.body,
        status = 'accepted', reason = null, updated_at = now()
  returning message_uuid
), refused as (
  insert into messaging.go_sms_logs (message_uuid, dry_run, recipient, sender, status, reason)
  select message_uuid, false, recipient, sender, 'rejected', 'to: has opted out'
  from stopped
  order by message_uuid
  on conflict (message_uuid, dry_run) do nothing
)
select message_uuid, true as is_claimed from logged
union all
select message_uuid, false from stopped
