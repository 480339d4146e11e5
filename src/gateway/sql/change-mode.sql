-- Sync before the answer: a flip that was acknowledged is in force for ever.
insert into legacy.mode_changes (scope, mode, ramp_percent, reason, actor)
select $1::text, $2::text, $3::integer, $4::text, $5::text
where (select set_config('synchronous_commit', 'on', true)) = 'on'
returning scope, mode, ramp_percent, epoch, reason, changed_at
