-- Only a row that still says otherwise.
update legacy.sms_logs
set status = $3::text, reason = $4::text
where message_uuid = $1::uuid and source = 'go' and dry_run = $2::boolean
  and (status = 'rejected') <> ($3::text = 'rejected')
returning message_uuid
