select seq, hash, to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as recorded_at
from (select) one
left join lateral (select seq, hash from legacy.evidence order by seq desc limit 1) e on true
