-- Keyed apart from real sends, so that a shadowed message leaves no trace in its later real life. A number that
-- said STOP is refused, as acceptance would.
with input as (
  select i.*, exists (select from messaging.opt_outs o
      where o.recipient = i.recipient and o.sender in ('', coalesce(i.sender, ''))) as is_stopped
  from unnest($1::uuid[], $2::text[], $3::text[]) as i (message_uuid, recipient, sender)
), logged as (
  insert into messaging.go_sms_logs (message_uuid, dry_run, recipient, sender, status, reason)
  select message_uuid, true, recipient, case when not is_stopped then sender end,
    case when is_stopped then 'rejected' else 'accepted' end, case when is_stopped then 'to: has opted out' end
  from input
  order by message_uuid
  on conflict (message_uuid, dry_run) do nothing
)
select message_uuid from input where is_stopped
