-- As somebody would who looks at no clock: the wall must refuse it.
update messaging.execution_authority
set state = 'dispatched', attempt_token = gen_random_uuid(), attempts = attempts + 1, provider = 'driver',
  dispatched_at = now()
where message_uuid = any ($1::uuid[]) and state = 'claimed'
