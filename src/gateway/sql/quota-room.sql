-- Locks the accounts until the reservation is committed.
select tenant, quota_limit - used - reserved as room
from legacy.quota_accounts
where tenant = any ($1::text[])
order by tenant
for update
