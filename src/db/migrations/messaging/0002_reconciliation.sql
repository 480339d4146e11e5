-- The service's side of reconciliation, and where the head of the evidence is anchored.

-- 0 taken, 1 rejected; + 2 for a dry run.
create view messaging.reconcile_verdicts as
select message_uuid, (case when dry_run then 2 else 0 end) + (case when status = 'rejected' then 1 else 0 end) as class
from messaging.go_sms_logs;

-- Who sends: 1 the service, 2 the legacy side, 3 nobody.
create view messaging.reconcile_holders as
select message_uuid,
  case when holder = 'go' then 1 when holder = 'legacy' and state <> 'refused' then 2 else 3 end as class
from messaging.execution_authority;

-- Marks of late writes, as on the gateway's side.
create function messaging.reconcile_bucket(message_uuid uuid) returns bigint language sql immutable parallel safe
return ('x' || substr(message_uuid::text, 1, 8) || substr(message_uuid::text, 10, 4))::bit(48)::bigint >> 18;

create table messaging.reconcile_marks (
  mark_id bigint generated always as identity primary key,
  -- Null: every bucket.
  bucket bigint,
  marked_at timestamptz not null default now()
);
create index reconcile_marks_bucket on messaging.reconcile_marks (bucket);

create function messaging.mark_bucket(wanted bigint) returns void language plpgsql as $$
begin
  perform from messaging.reconcile_marks where bucket = wanted limit 1 for key share;
  if not found then
    insert into messaging.reconcile_marks (bucket) values (wanted);
  end if;
end $$;

create function messaging.mark_late_message() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' then perform messaging.mark_bucket(messaging.reconcile_bucket(old.message_uuid)); end if;
  if tg_op <> 'DELETE' then perform messaging.mark_bucket(messaging.reconcile_bucket(new.message_uuid)); end if;
  return null;
end $$;

create function messaging.mark_everything() returns trigger language plpgsql as $$
begin
  insert into messaging.reconcile_marks (bucket) values (null);
  return null;
end $$;

create trigger mark_late_insert after insert on messaging.go_sms_logs for each row
  when (uuid_send(new.message_uuid) < int8send((date_part('epoch', clock_timestamp()) * 1000 - 300000)::bigint << 16))
  execute function messaging.mark_late_message();
create trigger mark_late_update after update on messaging.go_sms_logs for each row
  when (uuid_send(old.message_uuid) < int8send((date_part('epoch', clock_timestamp()) * 1000 - 300000)::bigint << 16)
    and (old.message_uuid, old.dry_run, old.status = 'rejected')
      is distinct from (new.message_uuid, new.dry_run, new.status = 'rejected'))
  execute function messaging.mark_late_message();
create trigger mark_late_delete after delete on messaging.go_sms_logs for each row
  execute function messaging.mark_late_message();
create trigger mark_truncate after truncate on messaging.go_sms_logs execute function messaging.mark_everything();

create trigger mark_late_insert after insert on messaging.execution_authority for each row
  when (uuid_send(new.message_uuid) < int8send((date_part('epoch', clock_timestamp()) * 1000 - 300000)::bigint << 16))
  execute function messaging.mark_late_message();
create trigger mark_late_update after update on messaging.execution_authority for each row
  when (uuid_send(old.message_uuid) < int8send((date_part('epoch', clock_timestamp()) * 1000 - 300000)::bigint << 16)
    and (old.message_uuid, old.holder, old.holder = 'legacy' and old.state = 'refused')
      is distinct from (new.message_uuid, new.holder, new.holder = 'legacy' and new.state = 'refused'))
  execute function messaging.mark_late_message();
create trigger mark_late_delete after delete on messaging.execution_authority for each row
  execute function messaging.mark_late_message();
create trigger mark_truncate after truncate on messaging.execution_authority
  execute function messaging.mark_everything();

-- The head of the evidence after each record, outside the database that holds the records where there are two.
create table messaging.evidence_heads (
  seq bigint primary key check (seq >= 1),
  hash text not null,
  anchored_at timestamptz not null default now()
);
