-- The answer to a dispatch was lost and no permit was made: when the ledger has it after all, it is taken back.
update legacy.unresolved_messages
set unspent_token = $2::uuid
where message_uuid = any ($1::uuid[])
returning message_uuid
