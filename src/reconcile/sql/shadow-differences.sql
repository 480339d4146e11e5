-- The running ones first; one that has ended says who has to look at it again.
select difference_id, field, legacy_value, service_value, why, owner, valid_until > now() as is_in_force,
  to_char(valid_until at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as valid_until
from legacy.shadow_differences
order by valid_until desc, difference_id
limit 1000
