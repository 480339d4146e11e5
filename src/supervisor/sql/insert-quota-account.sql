insert into legacy.quota_accounts (tenant, quota_limit)
values ($1::text, $2::bigint)
on conflict (tenant) do nothing
