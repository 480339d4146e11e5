delete from legacy.reconcile_marks where mark_id = any ($1::bigint[])
