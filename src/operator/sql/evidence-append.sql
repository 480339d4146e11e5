insert into legacy.evidence (seq, kind, subject, recorded_at, payload, previous_hash, hash)
values ($1::bigint, $2::text, $3::text, $4::timestamptz, $5::text, $6::text, $7::text)
