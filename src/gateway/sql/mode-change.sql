-- A change, and what is still under way under older ones of its scope. What is held until its time is not: the
-- ledger has it, whatever the mode.
select m.epoch, m.scope, m.mode, m.ramp_percent, m.reason, m.actor, m.changed_at,
  (select min(later.epoch) from legacy.mode_changes later
    where later.scope = m.scope and later.epoch > m.epoch) as superseded_by,
  (select count(*) from legacy.requests r
    join legacy.mode_changes before on before.epoch = r.epoch
    where r.answered_at is null and r.epoch < m.epoch and (before.scope = m.scope or r.tenant = m.scope)
  ) as in_flight_requests,
  (select count(*) from legacy.unresolved_messages u
    join legacy.requests r using (request_id)
    join legacy.mode_changes before on before.epoch = r.epoch
    where r.epoch < m.epoch and (before.scope = m.scope or r.tenant = m.scope)
      and (u.due_at > now()) is not true
  ) as unresolved_messages
from legacy.mode_changes m
where m.epoch = $1::bigint
