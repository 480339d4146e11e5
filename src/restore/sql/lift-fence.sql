update messaging.fences
set lifted_at = clock_timestamp(), lifted_by = $2::text, lifted_because = $3::text
where fence_id = $1::bigint and lifted_at is null
  and (select set_config('synchronous_commit', 'on', true)) = 'on'
returning fence_id
