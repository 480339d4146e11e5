-- The newest moment the ledger knows of: its copy was taken at or after it.
select greatest(max(claimed_at), max(dispatched_at), max(settled_at)) as newest
from messaging.execution_authority
