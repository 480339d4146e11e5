select mark_id, bucket from legacy.reconcile_marks order by mark_id limit $1::integer
