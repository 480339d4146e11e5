select
  (select count(*) from legacy.requests where answered_at is null) as open_requests,
  (select count(*) from legacy.unresolved_messages) as unresolved_messages
