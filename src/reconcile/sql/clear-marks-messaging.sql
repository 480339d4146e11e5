delete from messaging.reconcile_marks where mark_id = any ($1::bigint[])
