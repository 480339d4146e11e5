delete from messaging.go_sms_logs where message_uuid = any ($1::uuid[])
