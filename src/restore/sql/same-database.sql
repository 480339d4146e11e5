-- Whether the gateway's records lie in the very database of this fence, so that they went back in time with it.
select exists (
  select from messaging.fences
  where fence_id = $1::bigint and date_trunc('milliseconds', raised_at) = $2::timestamptz
) as same
