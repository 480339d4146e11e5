delete from messaging.execution_authority where message_uuid = any ($1::uuid[])
