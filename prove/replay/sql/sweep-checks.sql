delete from messaging.in_doubt_checks where message_uuid = any ($1::uuid[])
