-- The processes that hold their lock of presence, with what they have acknowledged.
select l.objid::bigint::integer as owner, a.gateway, a.epoch, a.acknowledged_at
from pg_locks l
left join legacy.mode_acknowledgements a on a.owner = l.objid::bigint::integer
where l.locktype = 'advisory' and l.classid = $1::bigint::oid and l.objsubid = 2 and l.granted
  and l.mode = 'ExclusiveLock'
  and l.database = (select oid from pg_database where datname = current_database())
order by a.gateway, 1
