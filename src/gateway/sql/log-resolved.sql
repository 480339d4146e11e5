-- A person's decision about a message the legacy side sent.
update legacy.sms_logs
set status = $2::text, provider_message_id = coalesce($3::text, provider_message_id), reason = $4::text
where message_uuid = $1::uuid and source = 'legacy' and status = 'in_doubt'
returning message_uuid
