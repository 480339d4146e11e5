-- What the service says became of its messages. An older or repeated report changes nothing.
with input as (
  select distinct on (message_uuid) *
  from unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::float8[])
    as i (message_uuid, version, status, provider_message_id, error, at_ms)
  order by message_uuid, version desc
), known as (
  select i.message_uuid
  from input i
  join legacy.sms_logs l on l.message_uuid = i.message_uuid and l.source = 'go' and not l.dry_run
), recorded as (
  update legacy.sms_logs l
  set delivery_status = i.status, delivery_error = i.error, delivery_at = to_timestamp(i.at_ms / 1000),
      provider_message_id = coalesce(i.provider_message_id, l.provider_message_id), delivery_version = i.version
  from input i
  where l.message_uuid = i.message_uuid and l.source = 'go' and not l.dry_run and l.delivery_version < i.version
    -- The service knows nothing more of it.
    and l.delivery_status is distinct from 'handed_back'
    and (select set_config('synchronous_commit', 'on', true)) = 'on'
)
select message_uuid from input
where not exists (select from known k where k.message_uuid = input.message_uuid)
