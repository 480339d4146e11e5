-- The same over parts that differ, each cut once more by a hash of the uuid: pieces of a few messages, however
-- unevenly the uuids lie in time.
select i.part, uuid_hash_extended(s.message_uuid, 7) & (i.pieces - 1) as piece, count(*) as messages,
  bit_xor(uuid_hash_extended(s.message_uuid, s.class))::text as hash
from unnest($1::integer[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bigint[])
  as i (part, from_uuid, to_uuid, near_from, near_to, pieces)
cross join lateral (
  select message_uuid, class from :view
  where message_uuid between i.from_uuid and i.to_uuid and :near between i.near_from and i.near_to
  -- Each part by itself, along the index: joined, every part is held against every message.
  offset 0
) s
group by 1, 2
