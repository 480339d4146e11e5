delete from legacy.reconcile_ranges
where pair = $1::text and from_bucket < $3::bigint and to_bucket > $2::bigint
