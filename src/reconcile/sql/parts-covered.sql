-- As parts.sql, where an index alone answers: each part is a stretch of it, read once, and nothing is grouped. A
-- class of 4 and more is a second entry of the same message.
select (i.number - 1)::integer as part, s.messages, s.hash::text as hash
from unnest($1::uuid[], $2::uuid[]) with ordinality as i (from_uuid, to_uuid, number)
cross join lateral (
  select count(*) filter (where class < 4) as messages, bit_xor(uuid_hash_extended(message_uuid, class)) as hash
  from :view
  where message_uuid between i.from_uuid and i.to_uuid
) s
where s.hash is not null
