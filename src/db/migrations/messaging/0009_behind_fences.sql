-- Behind a fence no time is guarded: what a restore puts in doubt there is not sent, whenever it was or will be due.
create or replace function messaging.guard_times() returns trigger language plpgsql as $$
begin
  if exists (select from messaging.fences f
      where f.lifted_at is null and f.fence_id::text = current_setting('baton.fence', true)) then
    return new;
  end if;
  raise exception 'ledger: message % can be dispatched from % until %', new.message_uuid, new.not_before,
    coalesce(new.valid_until::text, 'ever') using errcode = 'BA001';
end $$;

-- Nor does anything change hands or become void before the mark: it may have been sent in the time that was lost.
create trigger refuse_holder_while_fenced before update of holder on messaging.execution_authority
  for each statement execute function messaging.refuse_while_fenced();
