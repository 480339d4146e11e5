insert into legacy.api_keys (key_sha256, tenant, scopes, label)
values ($1::bytea, $2::text, array[$3::text], $4::text)
on conflict (key_sha256) do nothing
