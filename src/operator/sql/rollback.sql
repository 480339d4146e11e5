-- The latest time that ON was switched off, and who sent what was entered under that change.
with switched as (
  select epoch, changed_at from (
    select epoch, changed_at, mode, lag(mode) over (partition by scope order by epoch) as before
    from legacy.mode_changes
  ) history
  where mode <> 'ON' and before = 'ON' and changed_at > now() - interval '7 days'
  order by epoch desc
  limit 1
)
select (select epoch from switched) as switched_epoch, count(l.message_uuid) as sample,
  count(*) filter (where l.source = 'legacy' and l.status = 'sent') as sent_by_legacy,
  count(*) filter (where l.source = 'go') as sent_by_service
from switched
join legacy.sms_logs l on l.epoch = switched.epoch and not l.dry_run and l.message_uuid >= $1::uuid
