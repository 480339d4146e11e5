select distinct on (scope) scope, mode, ramp_percent, epoch, reason, changed_at
from legacy.mode_changes
order by scope, epoch desc
