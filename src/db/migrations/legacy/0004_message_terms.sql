-- Terms of a request: how urgent, not before, not after, how long. Requests from before have none.
alter table legacy.requests
  add column priority text check (priority in ('code', 'normal', 'bulk')),
  add column send_at timestamptz,
  add column valid_until timestamptz,
  add column segments_max smallint check (segments_max between 1 and 255),
  add constraint ends_after_it_may_begin check (valid_until > send_at);

-- What the legacy side holds until its time: the ledger has it as claimed, and nobody looks at it before.
-- Null: the settler asks again at once.
alter table legacy.unresolved_messages add column due_at timestamptz;
create index unresolved_messages_due on legacy.unresolved_messages (due_at, message_uuid) where due_at is not null;
create index unresolved_messages_noted on legacy.unresolved_messages (noted_at) where due_at is null;
