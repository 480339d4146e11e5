select message_uuid, state, holder, epoch, attempt_token, provider, provider_message_id, reason
from messaging.execution_authority
where message_uuid = any ($1::uuid[])
