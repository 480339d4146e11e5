select seq, kind, subject, payload, (date_part('epoch', now() - recorded_at) * 1000)::bigint as age_ms
from legacy.evidence
where kind = $1::text and subject = $2::text
order by seq desc
limit 1
