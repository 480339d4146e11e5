select from_state, to_state, kind, detail, actor, recorded_at
from messaging.authority_proofs
where message_uuid = $1::uuid
order by proof_id
