select g.name as gate, e.payload::json ->> 'verdict' as verdict,
  date_part('epoch', e.recorded_at) as checked_at_s
from unnest($1::text[]) g (name)
cross join lateral (
  select payload, recorded_at from legacy.evidence
  where kind = 'verdict' and subject = g.name
  order by seq desc
  limit 1
) e
