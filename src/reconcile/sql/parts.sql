-- One hash a part: the exclusive or over a hash of uuid and class. width_bucket finds the part among the
-- ascending starts in $3, the last of which is open.
select width_bucket(message_uuid, $3::uuid[]) - 1 as part, count(*) as messages,
  bit_xor(uuid_hash_extended(message_uuid, class))::text as hash
from :view
where message_uuid between $1::uuid and $2::uuid and :near between $4::uuid and $5::uuid
group by 1
