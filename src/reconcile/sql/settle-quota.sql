-- Brings one message's settlement to what it should be and moves the account by the difference: from reserved
-- (it was never settled), or from the other settlement.
with before as (
  select charged from legacy.quota_settlements where message_uuid = $1::uuid for update
), inserted as (
  insert into legacy.quota_settlements (message_uuid, tenant, charged)
  select $1::uuid, $2::text, $3::boolean where not exists (select from before)
  on conflict (message_uuid) do nothing
  returning tenant
), changed as (
  update legacy.quota_settlements set charged = $3::boolean
  where message_uuid = $1::uuid and charged <> $3::boolean
  returning tenant
)
update legacy.quota_accounts a
set reserved = a.reserved - (select count(*) from inserted),
    used = a.used + case when $3::boolean then (select count(*) from inserted) + (select count(*) from changed)
      else - (select count(*) from changed) end
where a.tenant = $2::text and (exists (select from inserted) or exists (select from changed))
returning a.tenant
