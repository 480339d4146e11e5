-- `latest`: the last change of any scope that this reading has seen.
select m.scope, m.mode, m.ramp_percent, m.epoch, m.reason, m.changed_at,
  (select max(epoch) from legacy.mode_changes) as latest
from unnest($1::text[]) as wanted (scope)
cross join lateral (
  select scope, mode, ramp_percent, epoch, reason, changed_at
  from legacy.mode_changes
  where mode_changes.scope = wanted.scope
  order by epoch desc
  limit 1
) m
