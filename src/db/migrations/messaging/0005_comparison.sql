-- What was accepted and not sent in the end: 0 void, 1 refused. A receipt that tells more stands before it.
create view messaging.reconcile_endings as
select message_uuid, case when status = 'void' then 0 else 1 end as class
from messaging.go_sms_logs
where status in ('void', 'refused') and delivery_status is null and not dry_run;
create index go_sms_logs_endings on messaging.go_sms_logs (message_uuid)
  where status in ('void', 'refused') and delivery_status is null and not dry_run;

create trigger mark_late_ending after update of status, delivery_status on messaging.go_sms_logs for each row
  when (uuid_send(old.message_uuid) < int8send((date_part('epoch', clock_timestamp()) * 1000 - 300000)::bigint << 16)
    and (old.status in ('void', 'refused') or new.status in ('void', 'refused'))
    and (old.status, old.delivery_status) is distinct from (new.status, new.delivery_status))
  execute function messaging.mark_late_message();

-- As on the gateway's side: every message by the primary key, and those that were rejected once more.
create or replace view messaging.reconcile_verdicts as
select message_uuid, case when dry_run then 2 else 0 end as class
from messaging.go_sms_logs
union all
select message_uuid, case when dry_run then 6 else 4 end
from messaging.go_sms_logs
where status = 'rejected';
create index go_sms_logs_rejected on messaging.go_sms_logs (message_uuid, dry_run) where status = 'rejected';
