-- Due messages of a window that is shut ($1) wait for its next opening ($2); what is not valid until then can never
-- be sent and becomes void at once.
with due as (
  select message_uuid, valid_until
  from messaging.execution_authority
  where holder = 'go' and state = 'claimed' and sending_window = $1::text and sending_window <> ''
    and not_before <= now()
  order by not_before
  limit $3::integer
  for update skip locked
), voided as (
  update messaging.execution_authority a
  set state = 'void', holder = null, epoch = a.epoch + 1, attempt_token = $4::uuid,
      reason = 'valid_until passes before the sending window opens', settled_at = now()
  from due
  where a.message_uuid = due.message_uuid and a.state = 'claimed' and due.valid_until <= $2::timestamptz
    and (select set_config('synchronous_commit', 'on', true)) = 'on'
  returning a.message_uuid, a.reason
), voided_log as (
  update messaging.go_sms_logs l
  set status = 'void', reason = v.reason, updated_at = now()
  from voided v
  where l.message_uuid = v.message_uuid and not l.dry_run
), deferred as (
  update messaging.execution_authority a
  set not_before = $2::timestamptz
  from due
  where a.message_uuid = due.message_uuid and a.state = 'claimed'
    and (due.valid_until is null or due.valid_until > $2::timestamptz)
  returning a.message_uuid
)
select (select count(*) from voided) as voided, (select count(*) from deferred) as deferred
