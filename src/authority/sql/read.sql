-- `held_until`: when a claimed message may be dispatched, while that lies ahead by this server's clock.
select message_uuid, state, holder, epoch, attempt_token, provider, provider_message_id, reason,
  case when state = 'claimed' and not_before > now() then not_before end as held_until
from messaging.execution_authority
where message_uuid = any ($1::uuid[])
