-- Follows prove.sql in the same transaction.
update messaging.execution_authority
set state = $3::text, provider_message_id = coalesce($4::text, provider_message_id), reason = $5::text,
    settled_at = case when $3::text in ('sent', 'refused') then now() end,
    not_before = now() + $6::integer * interval '1 millisecond', lane = coalesce($7::text, lane)
where message_uuid = $1::uuid and attempt_token = $2::uuid and state in ('dispatched', 'in_doubt')
returning message_uuid, holder
