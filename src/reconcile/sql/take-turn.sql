update legacy.reconcile_turn
set run_id = $1::uuid, seen_at = now()
where run_id is null or run_id = $1::uuid or seen_at < now() - interval '2 minutes'
returning run_id
