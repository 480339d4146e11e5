-- The ledger knows no way from claimed to in doubt but through a dispatch.
update messaging.execution_authority
set state = 'dispatched', attempt_token = gen_random_uuid(), attempts = attempts + 1,
  provider = coalesce(provider, $2::text), dispatched_at = now()
where message_uuid = any ($1::uuid[]) and state = 'claimed'
