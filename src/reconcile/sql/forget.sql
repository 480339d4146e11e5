delete from legacy.reconcile_ranges r
where $2::boolean
  or exists (select from unnest($1::bigint[]) i (bucket) where bucket >= r.from_bucket and bucket < r.to_bucket)
