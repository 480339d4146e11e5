-- Comparison of SHADOW field by field, its baseline and its coverage; endings; hashing without the table.

-- What the service would have done and what the legacy side did, both on the dry run's row.
alter table legacy.sms_logs
  add column service_would jsonb,
  add column legacy_did jsonb,
  add constraint a_dry_run_compares check (dry_run or (service_would is null and legacy_did is null));

-- Why a shadowed message has no dry run. Who has neither stood in a gateway that died.
create table legacy.shadow_left_out (
  message_uuid uuid primary key,
  reason text not null check (reason in ('dropped', 'closed', 'unreachable', 'timed_out', 'broken_answer',
    'service_error', 'superseded', 'not_logged')),
  epoch bigint not null,
  noted_at timestamptz not null default now()
);

-- The legacy side asked twice what it would do, without sending: how far it agrees with itself.
create table legacy.legacy_rehearsals (
  message_uuid uuid primary key,
  -- Null: both answers stand here.
  left_out text check (left_out in ('dropped', 'closed', 'no_answer')),
  first_answer jsonb,
  second_answer jsonb,
  epoch bigint not null,
  noted_at timestamptz not null default now(),
  constraint answered_twice_or_left_out check (
    (left_out is null) = (first_answer is not null and second_answer is not null))
);

alter table legacy.shadow_differences drop constraint shadow_differences_field_check;
alter table legacy.shadow_differences add constraint shadow_differences_field_check
  check (field in ('verdict', 'number', 'sender', 'encoding', 'segments', 'route', 'price', 'error_class'));

-- Who sends: 1 the service, 2 the legacy side, 3 nobody. What was accepted and is void has no sender.
create or replace view legacy.reconcile_holders as
select message_uuid,
  case when delivery_status = 'void' then 3 when status in ('accepted', 'duplicate') then 1
    when status in ('sent', 'in_doubt') then 2 else 3 end as class
from legacy.sms_logs
where not dry_run;

-- Accepted messages that were not sent in the end, as the gateway was told: 0 void, 1 refused.
create view legacy.reconcile_endings as
select message_uuid, case when delivery_status = 'void' then 0 else 1 end as class
from legacy.sms_logs
where delivery_status in ('void', 'refused') and source = 'go' and not dry_run;
create index sms_logs_endings on legacy.sms_logs (message_uuid)
  where delivery_status in ('void', 'refused') and source = 'go' and not dry_run;

create trigger mark_late_ending after update of delivery_status on legacy.sms_logs for each row
  when (uuid_send(old.message_uuid) < int8send((date_part('epoch', clock_timestamp()) * 1000 - 300000)::bigint << 16)
    and (coalesce(old.delivery_status, '') in ('void', 'refused') or coalesce(new.delivery_status, '') in ('void', 'refused'))
    and old.delivery_status is distinct from new.delivery_status)
  execute function legacy.mark_late_message();

-- The service's verdicts again, so that indexes alone answer: every message by the primary key, and those that
-- were rejected once more, by an index of theirs. 0 taken, + 2 for a dry run, + 4 in the second entry.
create or replace view legacy.reconcile_verdicts as
select message_uuid, case when dry_run then 2 else 0 end as class
from legacy.sms_logs
where source = 'go'
union all
select message_uuid, case when dry_run then 6 else 4 end
from legacy.sms_logs
where source = 'go' and status = 'rejected';
create index sms_logs_rejected on legacy.sms_logs (message_uuid, dry_run) where source = 'go' and status = 'rejected';
