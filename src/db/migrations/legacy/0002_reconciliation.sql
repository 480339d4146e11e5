-- Reconciliation, repairs and evidence, on the gateway's side.

-- What is compared, each as (message_uuid, class). Two sides of a pair agree when their sets are equal.
-- The brief's definition: the messages that the service answered for. 0 taken, 1 rejected; + 2 for a dry run.
create view legacy.reconcile_verdicts as
select message_uuid, (case when dry_run then 2 else 0 end) + (case when status = 'rejected' then 1 else 0 end) as class
from legacy.sms_logs
where source = 'go';

-- Who sends: 1 the service, 2 the legacy side, 3 nobody.
create view legacy.reconcile_holders as
select message_uuid,
  case when status in ('accepted', 'duplicate') then 1 when status in ('sent', 'in_doubt') then 2 else 3 end as class
from legacy.sms_logs
where not dry_run;

-- What quota should say, and what it says: 1 charged, 0 released.
create view legacy.reconcile_quota_due as
select message_uuid, case when source = 'go' and status in ('accepted', 'duplicate') then 1 else 0 end as class
from legacy.sms_logs
where mode = 'ON' and not dry_run;
create view legacy.reconcile_quota_settled as
select message_uuid, charged::integer as class from legacy.quota_settlements;

-- What was entered, and what became of it.
create view legacy.reconcile_entered as
select request_id, unnest(message_uuids) as message_uuid, 0 as class from legacy.requests;
create view legacy.reconcile_outcomes as
select message_uuid, 0 as class from legacy.sms_logs where not dry_run;

-- A bucket is 2^18 ms (about 4.4 minutes) of a UUIDv7's own time. Buckets that have been compared and are too
-- old for regular writes are remembered; a late write into one leaves a mark, and it is compared afresh.
create function legacy.reconcile_bucket(message_uuid uuid) returns bigint language sql immutable parallel safe
return ('x' || substr(message_uuid::text, 1, 8) || substr(message_uuid::text, 10, 4))::bit(48)::bigint >> 18;

create table legacy.reconcile_marks (
  mark_id bigint generated always as identity primary key,
  -- Null: every bucket.
  bucket bigint,
  marked_at timestamptz not null default now()
);
create index reconcile_marks_bucket on legacy.reconcile_marks (bucket);

-- One mark a bucket is enough. The lock makes whoever takes the mark away wait for this transaction, so that it
-- looks at the bucket only after this change is there to be seen.
create function legacy.mark_bucket(wanted bigint) returns void language plpgsql as $$
begin
  perform from legacy.reconcile_marks where bucket = wanted limit 1 for key share;
  if not found then
    insert into legacy.reconcile_marks (bucket) values (wanted);
  end if;
end $$;

create function legacy.mark_late_message() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' then perform legacy.mark_bucket(legacy.reconcile_bucket(old.message_uuid)); end if;
  if tg_op <> 'DELETE' then perform legacy.mark_bucket(legacy.reconcile_bucket(new.message_uuid)); end if;
  return null;
end $$;

create function legacy.mark_late_request() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' then
    perform legacy.mark_bucket(b) from (select distinct legacy.reconcile_bucket(u) from unnest(old.message_uuids) u) i (b);
  end if;
  if tg_op <> 'DELETE' then
    perform legacy.mark_bucket(b) from (select distinct legacy.reconcile_bucket(u) from unnest(new.message_uuids) u) i (b);
  end if;
  return null;
end $$;

create function legacy.mark_everything() returns trigger language plpgsql as $$
begin
  insert into legacy.reconcile_marks (bucket) values (null);
  return null;
end $$;

-- Late: the uuid's time lies more than five minutes back. Written out, because a function costs ten times as much.
create trigger mark_late_insert after insert on legacy.sms_logs for each row
  when (uuid_send(new.message_uuid) < int8send((date_part('epoch', clock_timestamp()) * 1000 - 300000)::bigint << 16))
  execute function legacy.mark_late_message();
create trigger mark_late_update after update on legacy.sms_logs for each row
  when (uuid_send(old.message_uuid) < int8send((date_part('epoch', clock_timestamp()) * 1000 - 300000)::bigint << 16)
    and (old.message_uuid, old.source, old.dry_run, old.status, old.mode)
      is distinct from (new.message_uuid, new.source, new.dry_run, new.status, new.mode))
  execute function legacy.mark_late_message();
create trigger mark_late_delete after delete on legacy.sms_logs for each row
  execute function legacy.mark_late_message();
create trigger mark_truncate after truncate on legacy.sms_logs execute function legacy.mark_everything();

create trigger mark_late_insert after insert on legacy.quota_settlements for each row
  when (uuid_send(new.message_uuid) < int8send((date_part('epoch', clock_timestamp()) * 1000 - 300000)::bigint << 16))
  execute function legacy.mark_late_message();
create trigger mark_late_update after update on legacy.quota_settlements for each row
  when ((old.message_uuid, old.charged) is distinct from (new.message_uuid, new.charged))
  execute function legacy.mark_late_message();
create trigger mark_late_delete after delete on legacy.quota_settlements for each row
  execute function legacy.mark_late_message();
create trigger mark_truncate after truncate on legacy.quota_settlements execute function legacy.mark_everything();

create trigger mark_late_insert after insert on legacy.requests for each row
  when (uuid_send(new.request_id) < int8send((date_part('epoch', clock_timestamp()) * 1000 - 300000)::bigint << 16))
  execute function legacy.mark_late_request();
create trigger mark_late_update after update of message_uuids on legacy.requests for each row
  when (old.message_uuids is distinct from new.message_uuids)
  execute function legacy.mark_late_request();
create trigger mark_late_delete after delete on legacy.requests for each row
  execute function legacy.mark_late_request();
create trigger mark_truncate after truncate on legacy.requests execute function legacy.mark_everything();

-- Who may remember and take marks away: one run at a time, as long as it shows that it lives.
create table legacy.reconcile_turn (
  only_one boolean primary key default true check (only_one),
  run_id uuid,
  seen_at timestamptz not null default now()
);
insert into legacy.reconcile_turn default values;

create table legacy.reconcile_ranges (
  pair text not null,
  from_bucket bigint not null,
  -- Exclusive.
  to_bucket bigint not null,
  left_rows bigint not null,
  right_rows bigint not null,
  left_hash text not null,
  right_hash text not null,
  run_id uuid not null,
  compared_at timestamptz not null default now(),
  primary key (pair, from_bucket),
  constraint not_reversed check (to_bucket > from_bucket)
);

-- Messages that differed when their range was compared: looked at again in each run, without opening the range.
create table legacy.reconcile_suspects (
  pair text not null,
  from_bucket bigint not null,
  message_uuid uuid not null,
  primary key (pair, from_bucket, message_uuid),
  foreign key (pair, from_bucket) references legacy.reconcile_ranges on delete cascade
);

create table legacy.reconcile_repairs (
  repair_id bigint generated always as identity primary key,
  run_id uuid not null,
  message_uuid uuid not null,
  kind text not null,
  dry_run boolean not null,
  action text not null,
  before text not null,
  after text not null,
  actor text not null,
  repaired_at timestamptz not null default now()
);
create index reconcile_repairs_message on legacy.reconcile_repairs (message_uuid);

-- Evidence: what was asked and what was found. Each record's hash covers its predecessor's.
create table legacy.evidence (
  seq bigint primary key check (seq >= 1),
  kind text not null,
  subject text not null,
  recorded_at timestamptz not null,
  payload text not null,
  previous_hash text not null,
  hash text not null unique check (hash ~ '^[0-9a-f]{64}$')
);
create index evidence_latest on legacy.evidence (kind, subject, seq desc);

create function legacy.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '%: is append-only: % refused', tg_table_name, lower(tg_op) using errcode = 'BA002';
end $$;
create trigger append_only before update or delete on legacy.evidence for each row
  execute function legacy.refuse_change();
create trigger append_only_truncate before truncate on legacy.evidence execute function legacy.refuse_change();
create trigger append_only before update or delete on legacy.reconcile_repairs for each row
  execute function legacy.refuse_change();

-- What the two sides do otherwise on purpose, each with an owner and an end. Null: any value.
create table legacy.shadow_differences (
  difference_id bigint generated always as identity primary key,
  field text not null check (field in ('verdict', 'number', 'sender')),
  legacy_value text,
  service_value text,
  why text not null,
  owner text not null,
  valid_until timestamptz not null,
  registered_by text not null,
  registered_at timestamptz not null default now(),
  constraint has_an_end check (valid_until > registered_at)
);
