select s.state, count(a.message_uuid) as messages,
  coalesce(date_part('epoch', now() - min(a.claimed_at)), 0) as oldest_s
from unnest(array['claimed', 'dispatched', 'in_doubt']) s (state)
left join messaging.execution_authority a on a.holder = 'go' and a.state = s.state
  and a.state in ('claimed', 'dispatched', 'in_doubt')
group by s.state
