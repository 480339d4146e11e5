select message_uuid from legacy.reconcile_suspects where pair = $1::text and from_bucket = $2::bigint
