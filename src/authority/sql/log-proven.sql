-- Follows settle-proven.sql for a message that the service holds.
update messaging.go_sms_logs
set status = case when $2::text = 'claimed' then 'accepted' else $2::text end,
    provider_message_id = coalesce($3::text, provider_message_id), reason = $4::text, updated_at = now()
where message_uuid = $1::uuid and not dry_run
returning message_uuid
