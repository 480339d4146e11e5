update legacy.quota_accounts a
set reserved = a.reserved + i.messages
from unnest($1::text[], $2::bigint[]) as i (tenant, messages)
where a.tenant = i.tenant
returning a.tenant
