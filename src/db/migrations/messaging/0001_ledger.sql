-- The messaging service's side. The ledger stands beside go_sms_logs, so that acceptance is one transaction.
create schema if not exists messaging;

create table messaging.execution_authority (
  message_uuid uuid primary key,
  state text not null check (state in ('claimed', 'dispatched', 'sent', 'refused', 'in_doubt', 'void')),
  -- Null exactly when void: nobody will ever send it.
  holder text check (holder in ('legacy', 'go')),
  -- Rises with every change of holder.
  epoch integer not null default 1 check (epoch >= 1),
  -- Made by the caller of the latest claim or dispatch: a lost commit answer is resolved by it.
  attempt_token uuid not null,
  attempts integer not null default 0 check (attempts >= 0),
  provider text,
  provider_message_id text,
  reason text,
  claimed_at timestamptz not null default now(),
  -- A claimed message is not dispatched before: the pause after an attempt that is proven not executed.
  not_before timestamptz not null default now(),
  dispatched_at timestamptz,
  settled_at timestamptz,
  constraint void_has_no_holder check ((state = 'void') = (holder is null)),
  constraint dispatched_has_time check (state in ('claimed', 'void') or dispatched_at is not null),
  constraint dispatched_has_provider check (state in ('claimed', 'void') or provider is not null),
  constraint dispatched_is_an_attempt check (state in ('claimed', 'void') or attempts >= 1),
  constraint settled_has_time check ((state in ('sent', 'refused', 'void')) = (settled_at is not null))
) with (fillfactor = 80);

-- The live work only: dispatchers, the reaper and the list of messages in doubt read it.
create index execution_authority_open on messaging.execution_authority (holder, state, message_uuid)
  where state in ('claimed', 'dispatched', 'in_doubt');

-- Why a message left in_doubt, or was taken back after a dispatch: for ever.
create table messaging.authority_proofs (
  proof_id bigint generated always as identity primary key,
  message_uuid uuid not null references messaging.execution_authority (message_uuid),
  attempt_token uuid not null,
  from_state text not null,
  to_state text not null,
  kind text not null check (kind in ('answer', 'refusal', 'not_sent', 'lookup_found', 'receipt', 'operator')),
  detail text not null,
  actor text not null,
  recorded_at timestamptz not null default now()
);
create index authority_proofs_message on messaging.authority_proofs (message_uuid);

-- The drawing of the ledger, as a wall: no code, of whatever version, can make another change.
create function messaging.guard_authority() returns trigger language plpgsql as $$
begin
  if not (case old.state
      when 'claimed' then new.state in ('dispatched', 'void') or new.holder is distinct from old.holder
      when 'dispatched' then new.state in ('sent', 'refused', 'in_doubt', 'claimed')
      when 'in_doubt' then new.state in ('sent', 'refused', 'claimed')
      else false end) then
    raise exception 'ledger: message % cannot go from % to %', old.message_uuid, old.state, new.state
      using errcode = 'BA001';
  end if;
  if new.holder is distinct from old.holder then
    -- Hand-back, or nobody: only while no send can have begun, and always under a new epoch.
    if old.state <> 'claimed' or new.epoch <> old.epoch + 1
       or not (new.state = 'void' or (new.state = 'claimed' and old.holder = 'go' and new.holder = 'legacy')) then
      raise exception 'ledger: message % cannot go from holder % to % in state %',
        old.message_uuid, old.holder, new.holder, old.state using errcode = 'BA001';
    end if;
  elsif new.epoch <> old.epoch then
    raise exception 'ledger: message % cannot change epoch without a change of holder', old.message_uuid
      using errcode = 'BA001';
  end if;
  if new.state = 'dispatched' and (new.attempt_token = old.attempt_token or new.attempts <> old.attempts + 1) then
    raise exception 'ledger: dispatch of message % needs a token of its own', old.message_uuid
      using errcode = 'BA001';
  end if;
  if old.state in ('dispatched', 'in_doubt') and new.attempt_token <> old.attempt_token then
    raise exception 'ledger: message % is under another attempt', old.message_uuid using errcode = 'BA001';
  end if;
  if (old.state = 'in_doubt' or (old.state = 'dispatched' and new.state = 'claimed')) and not exists (
    select from messaging.authority_proofs p
    where p.message_uuid = old.message_uuid and p.attempt_token = old.attempt_token and p.to_state = new.state
  ) then
    raise exception 'ledger: message % cannot leave % for % without a stored proof',
      old.message_uuid, old.state, new.state using errcode = 'BA001';
  end if;
  return new;
end $$;

create trigger guard_authority before update on messaging.execution_authority
  for each row execute function messaging.guard_authority();

-- The three ways in: acceptance, a legacy claim (which is at once the dispatch), giving up.
create function messaging.refuse_authority() returns trigger language plpgsql as $$
begin
  raise exception 'ledger: message % cannot begin as % of %', new.message_uuid, new.state, new.holder
    using errcode = 'BA001';
end $$;

create trigger refuse_authority before insert on messaging.execution_authority for each row
  when (not (new.epoch = 1 and ((new.state = 'claimed' and new.holder = 'go')
    or (new.state = 'dispatched' and new.holder = 'legacy') or new.state = 'void')))
  execute function messaging.refuse_authority();

create table messaging.go_sms_logs (
  message_uuid uuid not null,
  dry_run boolean not null,
  recipient text not null,
  sender text,
  -- Only what will be sent is kept: a dry run and a rejection store no body.
  body text,
  status text not null check (
    status in ('accepted', 'rejected', 'sent', 'refused', 'in_doubt', 'void', 'handed_back')),
  provider text,
  provider_message_id text,
  reason text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (message_uuid, dry_run),
  constraint only_real_sends_store_a_body check ((dry_run or status = 'rejected') = (body is null)),
  constraint a_dry_run_ends_accepted_or_rejected check (not dry_run or status in ('accepted', 'rejected')),
  constraint a_dry_run_has_no_provider check (not dry_run or (provider is null and provider_message_id is null))
) with (fillfactor = 85);
