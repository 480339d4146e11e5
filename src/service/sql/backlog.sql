select s.state, count(a.message_uuid) as messages,
  -- A scheduled message waits since it was due.
  greatest(coalesce(date_part('epoch', now() - min(greatest(a.claimed_at,
    case when a.state = 'claimed' then a.not_before end))), 0), 0) as oldest_s
from unnest(array['claimed', 'dispatched', 'in_doubt']) s (state)
left join messaging.execution_authority a on a.holder = 'go' and a.state = s.state
  and a.state in ('claimed', 'dispatched', 'in_doubt')
group by s.state
