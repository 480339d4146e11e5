delete from messaging.authority_proofs where message_uuid = any ($1::uuid[])
