select seq, hash from messaging.evidence_heads where seq > $1::bigint order by seq limit $2::integer
