-- Stores why a message leaves `dispatched` or `in_doubt`; the ledger refuses the change without it.
insert into messaging.authority_proofs
  (message_uuid, attempt_token, from_state, to_state, kind, detail, actor)
select message_uuid, attempt_token, state, $3::text, $4::text, $5::text, $6::text
from messaging.execution_authority
where message_uuid = $1::uuid and attempt_token = $2::uuid and state in ('dispatched', 'in_doubt')
  and (select set_config('synchronous_commit', 'on', true)) = 'on'
for update
returning message_uuid
