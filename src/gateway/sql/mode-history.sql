select epoch, scope, mode, ramp_percent, reason, actor, changed_at
from legacy.mode_changes
where $1::bigint is null or epoch < $1::bigint
order by epoch desc
limit $2::integer
