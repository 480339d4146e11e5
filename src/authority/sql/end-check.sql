update messaging.in_doubt_checks
set ended_at = clock_timestamp(), result = $4::text
where message_uuid = $1::uuid and attempt_token = $2::uuid and number = $3::integer and ended_at is null
returning message_uuid
