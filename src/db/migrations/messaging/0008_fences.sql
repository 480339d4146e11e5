-- A fence stops every send, by whatever process of whatever version: what claims, dispatches or replays is refused
-- while one is open. It is raised before a restored ledger is used, and lifted when what it may have forgotten is
-- marked.
create table messaging.fences (
  fence_id bigint generated always as identity primary key,
  reason text not null,
  actor text not null,
  raised_at timestamptz not null default clock_timestamp(),
  -- The same moment by the clock of the gateway's database, which may be another one.
  entered_until timestamptz not null,
  -- The ledger knows what was committed up to here; later messages may have been sent without its knowledge.
  horizon timestamptz,
  marked_at timestamptz,
  marked_messages integer,
  lifted_at timestamptz,
  lifted_by text,
  lifted_because text,
  constraint marked_with_a_horizon check ((marked_at is null) = (horizon is null)
    and (marked_at is null) = (marked_messages is null)),
  constraint lifted_with_a_reason check ((lifted_at is null) = (lifted_by is null)
    and (lifted_at is null) = (lifted_because is null))
);
create unique index fences_open on messaging.fences ((true)) where lifted_at is null;
-- Here as well as among the grants: no send may fail between the two.
grant select on messaging.fences to baton_gateway, baton_service;

-- Once a statement, not once a row. Who raises a fence first waits for every writer of the ledger, and this reads
-- with a snapshot of its own, so nothing slips through that began before.
create function messaging.refuse_while_fenced() returns trigger language plpgsql as $$
declare
  fence bigint;
  why text;
begin
  select f.fence_id, f.reason into fence, why from messaging.fences f where f.lifted_at is null;
  -- Only the restore names the fence it works behind, for the one transaction.
  if found and current_setting('baton.fence', true) is distinct from fence::text then
    raise exception 'ledger: sends are fenced: %: see baton restore status', why using errcode = 'BA003';
  end if;
  return null;
end $$;

-- Every claim is an insert; every dispatch counts an attempt, which guard_authority asks for.
create trigger refuse_claim_while_fenced before insert on messaging.execution_authority
  for each statement execute function messaging.refuse_while_fenced();
create trigger refuse_dispatch_while_fenced before update of attempts on messaging.execution_authority
  for each statement execute function messaging.refuse_while_fenced();
create trigger refuse_check_while_fenced before insert on messaging.in_doubt_checks
  for each statement execute function messaging.refuse_while_fenced();

-- For the trigger that a restore makes over the time that was lost together with the gateway's records: a process
-- that slept through it all must not claim what was sent then. What the ledger knows meets its row as ever.
create function messaging.refuse_lost() returns trigger language plpgsql as $$
begin
  if exists (select from messaging.execution_authority a where a.message_uuid = new.message_uuid) then
    return new;
  end if;
  raise exception 'ledger: message % is of a time whose records were lost: it may have been sent', new.message_uuid
    using errcode = 'BA004';
end $$;
