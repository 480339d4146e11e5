select
  (select count(*) from legacy.requests where answered_at is null) as open_requests,
  (select count(*) from legacy.unresolved_messages where due_at is null or due_at <= now()) as unresolved_messages,
  (select count(*) from legacy.unresolved_messages where due_at > now()) as scheduled_messages
