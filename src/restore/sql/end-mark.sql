update messaging.fences
set horizon = $2::timestamptz, marked_at = clock_timestamp(), marked_messages = coalesce(marked_messages, 0) + $3::integer
where fence_id = $1::bigint and lifted_at is null
returning fence_id
