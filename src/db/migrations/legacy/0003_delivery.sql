-- What became of a message after the service's verdict, as the service reports it. The verdict itself stands in
-- `status` and is not overwritten: quota and reconciliation rest on it.
alter table legacy.sms_logs
  add column delivery_status text check (delivery_status in ('sent', 'refused', 'in_doubt', 'void', 'accepted',
    'undelivered', 'expired', 'rejected', 'delivered')),
  add column delivery_at timestamptz,
  add column delivery_error text,
  -- The service's version of the report: an older one changes nothing.
  add column delivery_version integer not null default 0,
  add constraint the_service_reports_delivery check (source = 'go' or delivery_version = 0);
