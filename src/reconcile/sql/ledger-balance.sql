select count(*) filter (where holder = 'go') as go,
  count(*) filter (where holder = 'legacy') as legacy,
  count(*) filter (where holder is null) as nobody
from messaging.execution_authority
where message_uuid between $1::uuid and $2::uuid
