-- Claimed messages out of lanes that take nothing now into the first other lane of their route. $2: the lanes that
-- are open; $3: those that are paused. A lane that is neither has no provider any more: its messages go to
-- whoever may, or to anybody.
with stuck as (
  select a.message_uuid, (
      select r.lane from unnest(a.route) with ordinality as r (lane, place)
      where r.lane = any ($2::text[]) order by r.place limit 1) as open_lane, a.lane
  from messaging.execution_authority a
  where a.holder = 'go' and a.state = 'claimed' and a.lane = any ($4::text[]) and a.not_before <= now()
    and (a.lane <> all ($3::text[]) or a.route && $2::text[])
  limit $1::integer
  for update skip locked
)
update messaging.execution_authority a
set lane = coalesce(s.open_lane, '')
from stuck s
where a.message_uuid = s.message_uuid and a.state = 'claimed'
  and (s.open_lane is not null or s.lane <> all ($3::text[]))
returning a.message_uuid
