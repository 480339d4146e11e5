-- One gateway continues a request that its former owner left; the ledger guards the sends in any case.
update legacy.requests
set owner = $3::integer
where request_id = $1::uuid and owner = $2::integer and answered_at is null
returning request_id
