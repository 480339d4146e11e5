-- A subscriber's STOP or START, once: the number goes on the STOP list or leaves it. START takes back what a text
-- has put there, never what an operator has, and not where a STOP was written after it. Senders are compared
-- without their plus sign, which vendors leave out.
with noted as (
  insert into messaging.inbound_choices (provider, provider_message_id, recipient, sender, choice, happened_at)
  select $1::text, $2::text, $3::text, $4::text, $5::text, to_timestamp($6::float8 / 1000)
  where (select set_config('synchronous_commit', 'on', true)) = 'on'
  on conflict (provider, provider_message_id) do nothing
  returning recipient, sender, choice, happened_at
), stopped as (
  insert into messaging.opt_outs (recipient, sender, reason, actor)
  select recipient, sender, 'wrote STOP', 'text to ' || $1::text
  from noted
  where choice = 'stop'
  on conflict (recipient, sender) do nothing
), started as (
  delete from messaging.opt_outs o
  using noted n
  where n.choice = 'start' and o.recipient = n.recipient and ltrim(o.sender, '+') = ltrim(n.sender, '+')
    and o.actor like 'text to %'
    and not exists (select from messaging.inbound_choices c
      where c.recipient = n.recipient and ltrim(c.sender, '+') = ltrim(n.sender, '+') and c.choice = 'stop'
        and c.happened_at > n.happened_at)
)
select choice from noted
