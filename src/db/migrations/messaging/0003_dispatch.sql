-- Several providers, paces, scheduled messages, replays, receipts, reports to the gateway, opt-outs.

alter table messaging.execution_authority
  -- The provider that is to try next (empty: any), and the providers that may, the best first.
  add column lane text not null default '',
  add column route text[] not null default '{}',
  -- The sender's own pace, where one is set: its messages queue apart and hold up nobody else's.
  add column paced text not null default '',
  -- 0 one-time codes, 1 ordinary, 2 bulk.
  add column priority smallint not null default 1 check (priority between 0 and 2),
  -- Past it the message is void, never sent late.
  add column valid_until timestamptz;

-- Who sends next, and when, may change while a message is claimed; everything else stays behind the wall.
drop trigger guard_authority on messaging.execution_authority;
create trigger guard_authority before update of message_uuid, state, holder, epoch, attempt_token, attempts,
    provider, provider_message_id, reason, claimed_at, dispatched_at, settled_at
  on messaging.execution_authority for each row execute function messaging.guard_authority();

create function messaging.guard_lane() returns trigger language plpgsql as $$
begin
  raise exception 'ledger: message % is %: only a claimed message changes lanes', old.message_uuid, old.state
    using errcode = 'BA001';
end $$;
create trigger guard_lane before update of lane, route, paced, priority, not_before, valid_until
  on messaging.execution_authority for each row
  when (old.state <> 'claimed' and new.state = old.state) execute function messaging.guard_lane();

-- What a lane may take next; a scheduled message stands behind what is due.
create index execution_authority_lane on messaging.execution_authority (lane, paced, priority, not_before)
  where holder = 'go' and state = 'claimed';
create index execution_authority_validity on messaging.execution_authority (valid_until)
  where holder = 'go' and state = 'claimed' and valid_until is not null;

-- Later requests about an attempt in doubt: each stands here before its first byte leaves, and stays for ever.
create table messaging.in_doubt_checks (
  message_uuid uuid not null references messaging.execution_authority (message_uuid),
  attempt_token uuid not null,
  number integer not null check (number between 1 and 32),
  -- A look-up asks; a replay repeats the request with the key the vendor dedupes on.
  kind text not null check (kind in ('look_up', 'replay')),
  provider text not null,
  started_at timestamptz not null default clock_timestamp(),
  -- Its process starts nothing after this; until then, or until it has ended, a replay may be on its way.
  gives_up_at timestamptz not null,
  ended_at timestamptz,
  result text,
  primary key (message_uuid, attempt_token, number),
  constraint ended_with_a_result check ((ended_at is null) = (result is null))
);

create function messaging.guard_check() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' then
    if old.ended_at is not null or (new.message_uuid, new.attempt_token, new.number, new.kind, new.provider,
        new.started_at, new.gives_up_at) is distinct from (old.message_uuid, old.attempt_token, old.number,
        old.kind, old.provider, old.started_at, old.gives_up_at) then
      raise exception 'ledger: a check of message % cannot be changed', old.message_uuid using errcode = 'BA001';
    end if;
    return new;
  end if;
  perform from messaging.execution_authority a
  where a.message_uuid = new.message_uuid and a.attempt_token = new.attempt_token and a.state = 'in_doubt'
    and a.holder = 'go' and a.provider = new.provider
  for update;
  if not found then
    raise exception 'ledger: message % is not in doubt under this attempt with %', new.message_uuid, new.provider
      using errcode = 'BA001';
  end if;
  return new;
end $$;
create trigger guard_check before insert or update on messaging.in_doubt_checks
  for each row execute function messaging.guard_check();

-- A replay can be the one send, where the first request never arrived. While one may be on its way, the message
-- can be settled as sent and cannot be freed or refused, whatever the proof; and once there was one, a proof about
-- the first request is not enough for that: a person decides.
create function messaging.guard_replayed() returns trigger language plpgsql as $$
begin
  if exists (
    select from messaging.in_doubt_checks c
    where c.message_uuid = old.message_uuid and c.attempt_token = old.attempt_token and c.kind = 'replay'
      and c.ended_at is null and c.gives_up_at > clock_timestamp()
  ) then
    raise exception 'ledger: a replay of message % may be on its way', old.message_uuid using errcode = 'BA002';
  end if;
  if exists (
    select from messaging.in_doubt_checks c
    where c.message_uuid = old.message_uuid and c.attempt_token = old.attempt_token and c.kind = 'replay'
  ) and not exists (
    select from messaging.authority_proofs p
    where p.message_uuid = old.message_uuid and p.attempt_token = old.attempt_token
      and p.to_state = new.state and p.kind = 'operator'
  ) then
    raise exception 'ledger: message % was replayed: only a person can say that it was not sent', old.message_uuid
      using errcode = 'BA001';
  end if;
  return new;
end $$;
create trigger guard_replayed before update on messaging.execution_authority for each row
  when (old.state = 'in_doubt' and new.state in ('claimed', 'refused'))
  execute function messaging.guard_replayed();

-- Virtual time up to which a pace is used up; now() - burst at the earliest.
create table messaging.paces (
  name text primary key,
  used_until timestamptz not null
) with (fillfactor = 50);

-- Numbers that said STOP: to one sender, or ('') to all.
create table messaging.opt_outs (
  recipient text not null,
  sender text not null default '',
  reason text not null,
  actor text not null,
  noted_at timestamptz not null default now(),
  primary key (recipient, sender)
);

alter table messaging.go_sms_logs
  add column delivery_status text
    check (delivery_status in ('accepted', 'sent', 'undelivered', 'expired', 'rejected', 'delivered')),
  add column delivery_at timestamptz,
  add column delivery_error text,
  -- Rises with every change the gateway is told of.
  add column version integer not null default 0,
  -- Null: the gateway knows all. Else when to tell it (again).
  add column report_at timestamptz,
  add column report_tries integer not null default 0;

create index go_sms_logs_reports on messaging.go_sms_logs (report_at) where report_at is not null;
create index go_sms_logs_provider_id on messaging.go_sms_logs (provider_message_id, provider)
  where provider_message_id is not null;

-- No path that changes what became of a message can forget to tell the gateway.
create function messaging.note_report() returns trigger language plpgsql as $$
begin
  new.version := old.version + 1;
  new.report_at := now();
  new.report_tries := 0;
  return new;
end $$;
create trigger note_report before update on messaging.go_sms_logs for each row
  when (not new.dry_run and new.status in ('sent', 'refused', 'in_doubt', 'void') and (
    new.status is distinct from old.status
    or new.provider_message_id is distinct from old.provider_message_id
    or new.delivery_status is distinct from old.delivery_status))
  execute function messaging.note_report();

-- Delivery receipts as they came, each once; one that fits no message is an orphan and waits.
create table messaging.receipts (
  provider text not null,
  provider_message_id text not null,
  status text not null check (status in ('accepted', 'sent', 'undelivered', 'expired', 'rejected', 'delivered')),
  reference uuid,
  error_code text,
  happened_at timestamptz not null,
  received_at timestamptz not null default now(),
  message_uuid uuid,
  -- Null: applied, or given up. Else when to look for its message (again).
  match_at timestamptz default now(),
  primary key (provider, provider_message_id, status)
);
create index receipts_orphaned on messaging.receipts (match_at) where match_at is not null;
