select from_bucket, to_bucket, left_rows, right_rows, left_hash, right_hash
from legacy.reconcile_ranges
where pair = $1::text and from_bucket >= $2::bigint and to_bucket <= $3::bigint
order by from_bucket
limit $4::integer
