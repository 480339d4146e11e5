-- One hash over a whole range: without groups the server can share the work between processes.
select count(*) as messages, coalesce(bit_xor(uuid_hash_extended(message_uuid, class)), 0)::text as hash
from :view
where message_uuid between $1::uuid and $2::uuid and :near between $3::uuid and $4::uuid
