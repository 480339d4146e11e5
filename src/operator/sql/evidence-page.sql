select seq, kind, subject, payload, previous_hash, hash,
  to_char(recorded_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as recorded_at
from legacy.evidence
where seq > $1::bigint
order by seq
limit $2::integer
