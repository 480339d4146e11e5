-- The lanes in which claimed messages stand: a skip scan, since the index begins with the lane.
with recursive lanes as (
  (select lane from messaging.execution_authority where holder = 'go' and state = 'claimed' order by lane limit 1)
  union all
  select (select a.lane from messaging.execution_authority a
    where a.holder = 'go' and a.state = 'claimed' and a.lane > l.lane order by a.lane limit 1)
  from lanes l
  where l.lane is not null
)
select lane from lanes where lane is not null
