-- Sync before the answer: a flip that was acknowledged is in force for ever. With $6 only while that is the epoch
-- in force for the scope.
insert into legacy.mode_changes (scope, mode, ramp_percent, reason, actor)
select $1::text, $2::text, $3::integer, $4::text, $5::text
where (select set_config('synchronous_commit', 'on', true)) = 'on' and ($6::bigint is null or $6::bigint = coalesce(
  (select max(epoch) from legacy.mode_changes where scope = $1::text),
  (select max(epoch) from legacy.mode_changes where scope = '*')))
returning scope, mode, ramp_percent, epoch, reason, changed_at
