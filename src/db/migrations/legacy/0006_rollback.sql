-- Mode changes that every gateway acknowledges, and messages that the service hands back.

-- The numbers of changes follow the order of their commits: whoever sees one has seen all before it.
create function legacy.order_mode_changes() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock(1650552163);
  return null;
end $$;
create trigger order_mode_changes before insert on legacy.mode_changes for each statement
  execute function legacy.order_mode_changes();

-- Wakes the gateways; what they missed they find by themselves.
create function legacy.announce_mode_change() returns trigger language plpgsql as $$
begin
  perform pg_notify('baton_mode', new.epoch::text);
  return null;
end $$;
create trigger announce_mode_change after insert on legacy.mode_changes for each row
  execute function legacy.announce_mode_change();

create trigger append_only before update or delete on legacy.mode_changes for each row
  execute function legacy.refuse_change();
create trigger append_only_truncate before truncate on legacy.mode_changes
  execute function legacy.refuse_change();

-- Up to which change a gateway process has acknowledged: from then on it enters nothing under an older setting.
create table legacy.mode_acknowledgements (
  -- The process: the key of the advisory lock it holds while it lives.
  owner integer primary key,
  -- For people.
  gateway text not null,
  epoch bigint not null,
  acknowledged_at timestamptz not null default clock_timestamp()
) with (fillfactor = 50);

-- A message that the service accepted and handed back keeps its verdict; the legacy side's row stands beside it.
alter table legacy.sms_logs
  drop constraint sms_logs_delivery_status_check,
  add constraint sms_logs_delivery_status_check check (delivery_status in ('sent', 'refused', 'in_doubt', 'void',
    'accepted', 'undelivered', 'expired', 'rejected', 'delivered', 'handed_back')),
  add column handed_back boolean not null default false,
  add constraint handed_back_to_the_legacy_side check (not handed_back or source = 'legacy');
alter table legacy.unresolved_messages
  add column handed_back boolean not null default false;

-- Who sends: 1 the service, 2 the legacy side, 3 nobody. Of a message that was handed back the legacy row tells.
create or replace view legacy.reconcile_holders as
select message_uuid,
  case when delivery_status = 'void' then 3 when status in ('accepted', 'duplicate') then 1
    when status in ('sent', 'in_doubt') then 2 else 3 end as class
from legacy.sms_logs
where not dry_run and delivery_status is distinct from 'handed_back';

-- The verdict was charged; that the legacy side sends in the end changes nothing in quota.
create or replace view legacy.reconcile_quota_due as
select message_uuid, case when source = 'go' and status in ('accepted', 'duplicate') then 1 else 0 end as class
from legacy.sms_logs
where mode = 'ON' and not dry_run and not handed_back;

create or replace view legacy.reconcile_outcomes as
select message_uuid, 0 as class from legacy.sms_logs where not dry_run and not handed_back;

create trigger mark_late_hand_back after update of delivery_status on legacy.sms_logs for each row
  when (uuid_send(old.message_uuid) < int8send((date_part('epoch', clock_timestamp()) * 1000 - 300000)::bigint << 16)
    and (old.delivery_status is not distinct from 'handed_back') <> (new.delivery_status is not distinct from 'handed_back'))
  execute function legacy.mark_late_message();

-- Drills send as a tenant of their own. Its keys are made for one drill and end by themselves; the gateway's role
-- can make and revoke these and no others.
create function legacy.open_drill(key_sha256 bytea, valid_ms integer) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
begin atomic
  insert into legacy.quota_accounts (tenant, quota_limit) values ('baton-drill', 1000000000)
  on conflict (tenant) do nothing;
  insert into legacy.api_keys (key_sha256, tenant, scopes, label, expires_at)
  values (key_sha256, 'baton-drill', '{send}', 'drill',
    now() + least(greatest(valid_ms, 1), 3600000) * interval '1 millisecond');
end;
create function legacy.close_drills() returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp
begin atomic
  update legacy.api_keys set revoked_at = now()
  where tenant = 'baton-drill' and label = 'drill' and revoked_at is null;
end;
revoke all on function legacy.open_drill(bytea, integer), legacy.close_drills() from public;
