-- The time comes that these were to wait for, or ($2) has gone by already.
update messaging.execution_authority
set not_before = now(), valid_until = case when $2::boolean then now() - interval '1 hour' else valid_until end
where message_uuid = any ($1::uuid[]) and state = 'claimed'
