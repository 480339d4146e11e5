-- The clock of this database in ms, and whether it hashes a uuid as every other does.
select (date_part('epoch', clock_timestamp()) * 1000)::bigint as now_ms,
  uuid_hash_extended('01890a5d-ac96-774b-bcce-b302099a8057', 3)::text as hash
