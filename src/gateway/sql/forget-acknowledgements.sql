-- Of processes that are gone for a day.
delete from legacy.mode_acknowledgements a
where a.acknowledged_at < now() - interval '1 day' and not exists (
  select from pg_locks l
  where l.locktype = 'advisory' and l.classid = $1::bigint::oid and l.objid = a.owner::bigint::oid
    and l.objsubid = 2)
returning a.owner
