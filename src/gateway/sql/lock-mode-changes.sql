-- A statement of its own: the next one then sees what the holder before has committed.
select pg_advisory_xact_lock(1650552163)
