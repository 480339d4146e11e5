-- Locks the turn until the end of the transaction: nobody takes it over while this run remembers.
update legacy.reconcile_turn set seen_at = now() where run_id = $1::uuid returning run_id
