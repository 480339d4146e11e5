with range as (
  insert into legacy.reconcile_ranges
    (pair, from_bucket, to_bucket, left_rows, left_hash, right_rows, right_hash, run_id)
  values ($1::text, $2::bigint, $3::bigint, $4::bigint, $5::text, $6::bigint, $7::text, $8::uuid)
  returning pair, from_bucket
)
insert into legacy.reconcile_suspects (pair, from_bucket, message_uuid)
select pair, from_bucket, message_uuid from range, unnest($9::uuid[]) i (message_uuid)
