update legacy.reconcile_turn set run_id = null where run_id = $1::uuid
