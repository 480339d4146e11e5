select holder, state, count(*) as messages
from messaging.execution_authority
where state in ('claimed', 'dispatched', 'in_doubt')
group by holder, state
order by holder, state
