-- The answer to a dispatch was lost and no permit was made: when the ledger has it after all, it is taken back. What
-- was held until its time is looked at from now on with everything else.
update legacy.unresolved_messages
set unspent_token = $2::uuid, due_at = null
where message_uuid = any ($1::uuid[])
returning message_uuid
