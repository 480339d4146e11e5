-- For this transaction: it works behind this fence, and what it commits is on the disk.
select set_config('baton.fence', $1::text, true), set_config('synchronous_commit', 'on', true)
