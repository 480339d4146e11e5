-- STOP and START as subscribers wrote them, each once: a repeated or replayed one changes nothing, and a START that
-- comes late does not undo the STOP that was written after it. What else subscribers write is not kept.
create table messaging.inbound_choices (
  provider text not null,
  provider_message_id text not null,
  -- Whoever wrote, and the sender it was written to: '' where the provider does not say.
  recipient text not null,
  sender text not null default '',
  choice text not null check (choice in ('stop', 'start')),
  happened_at timestamptz not null,
  noted_at timestamptz not null default now(),
  primary key (provider, provider_message_id)
);
create index inbound_choices_latest on messaging.inbound_choices (recipient, happened_at);
