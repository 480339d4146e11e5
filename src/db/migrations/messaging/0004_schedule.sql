-- Scheduled messages of the legacy side, the wall around their times, and windows of dispatch.

-- Name of the windows a message may be dispatched in; empty: at any time.
alter table messaging.execution_authority add column sending_window text not null default '';
create index execution_authority_window on messaging.execution_authority (sending_window, not_before)
  where holder = 'go' and state = 'claimed' and sending_window <> '';

-- The legacy side may hold a message until its time: claimed, so that nobody else can take it meanwhile.
drop trigger refuse_authority on messaging.execution_authority;
create trigger refuse_authority before insert on messaging.execution_authority for each row
  when (not (new.epoch = 1 and ((new.state = 'claimed' and new.holder = 'go')
    or (new.state = 'claimed' and new.holder = 'legacy' and new.not_before > now())
    or (new.state = 'dispatched' and new.holder = 'legacy') or new.state = 'void')))
  execute function messaging.refuse_authority();

-- Never early, never late: by the clock of this server, whoever dispatches.
create function messaging.guard_times() returns trigger language plpgsql as $$
begin
  raise exception 'ledger: message % can be dispatched from % until %', new.message_uuid, new.not_before,
    coalesce(new.valid_until::text, 'ever') using errcode = 'BA001';
end $$;
create trigger guard_times before insert or update of state on messaging.execution_authority for each row
  when (new.state = 'dispatched' and (new.not_before > now() or new.valid_until <= now()))
  execute function messaging.guard_times();
