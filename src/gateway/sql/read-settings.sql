select request_id, tenant, mode, ramp_percent, epoch
from legacy.requests
where request_id = any ($1::uuid[])
