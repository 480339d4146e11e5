-- Which of these the legacy side has taken back from the service, as the gateway knows.
select message_uuid from legacy.sms_logs
where message_uuid = any ($1::uuid[]) and not dry_run
  and (handed_back or (source = 'go' and delivery_status = 'handed_back'))
union
select message_uuid from legacy.unresolved_messages where message_uuid = any ($1::uuid[]) and handed_back
