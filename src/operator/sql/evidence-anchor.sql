insert into messaging.evidence_heads (seq, hash) values ($1::bigint, $2::text) on conflict (seq) do nothing
