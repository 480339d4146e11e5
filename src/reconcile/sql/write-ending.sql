-- What the service would have told: a later report of its own stands before it.
update legacy.sms_logs
set delivery_status = $2::text, delivery_error = $3::text, delivery_at = now(),
    delivery_version = greatest(delivery_version, $4::integer)
where message_uuid = $1::uuid and source = 'go' and not dry_run
  and delivery_status is distinct from $2::text and delivery_version <= $4::integer
returning message_uuid
