-- Each receipt once: a repeated one changes nothing.
insert into messaging.receipts
  (provider, provider_message_id, status, reference, error_code, happened_at)
select distinct on (provider, provider_message_id, status) provider, provider_message_id, status, reference,
  error_code, to_timestamp(happened_at_ms / 1000)
from unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::float8[])
  as i (provider, provider_message_id, status, reference, error_code, happened_at_ms)
where (select set_config('synchronous_commit', 'on', true)) = 'on'
order by provider, provider_message_id, status
on conflict (provider, provider_message_id, status) do nothing
returning provider_message_id
