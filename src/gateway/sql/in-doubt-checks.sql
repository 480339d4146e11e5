select number, kind, provider, started_at, ended_at, result
from messaging.in_doubt_checks
where message_uuid = $1::uuid
order by started_at
