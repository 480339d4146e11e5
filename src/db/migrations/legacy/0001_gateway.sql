-- The gateway's side (the legacy application's): mode, requests, sms_logs, quota.
create schema if not exists legacy;

create table legacy.api_keys (
  key_sha256 bytea primary key check (octet_length(key_sha256) = 32),
  tenant text not null,
  scopes text[] not null check (cardinality(scopes) > 0 and scopes <@ array['send', 'operate']),
  label text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz
);

-- History of the mode, append-only; the number of a row is the epoch.
create table legacy.mode_changes (
  epoch bigint generated always as identity primary key,
  -- A tenant, or '*' for everyone.
  scope text not null,
  mode text not null check (mode in ('OFF', 'SHADOW', 'ON')),
  ramp_percent integer not null default 100 check (ramp_percent between 0 and 100),
  reason text not null,
  actor text not null,
  changed_at timestamptz not null default now()
);
create index mode_changes_latest on legacy.mode_changes (scope, epoch desc);
insert into legacy.mode_changes (scope, mode, reason, actor) values ('*', 'OFF', 'installed', 'migration');

-- The intent, recorded before any external effect. message_uuids and recipients belong together by position.
create table legacy.requests (
  request_id uuid primary key,
  tenant text not null,
  idempotency_key text,
  content_sha256 bytea not null,
  mode text not null check (mode in ('OFF', 'SHADOW', 'ON')),
  ramp_percent integer not null,
  epoch bigint not null,
  body text not null,
  sender text,
  reference text,
  message_uuids uuid[] not null,
  recipients text[] not null,
  -- How often the caller named each recipient (1 unless it was repeated).
  mentions integer[] not null,
  -- The gateway process that works on it: the key of an advisory lock it holds while it lives.
  owner integer not null,
  received_at timestamptz not null default now(),
  answered_at timestamptz,
  -- Kept for requests with a key, to be answered again word for word.
  answer json,
  constraint one_recipient_a_message check (
    cardinality(message_uuids) > 0 and cardinality(message_uuids) = cardinality(recipients)
    and cardinality(mentions) = cardinality(recipients))
);
create unique index requests_idempotency on legacy.requests (tenant, idempotency_key)
  where idempotency_key is not null;
create index requests_open on legacy.requests (received_at) where answered_at is null;
create index requests_keyed on legacy.requests (received_at) where idempotency_key is not null;

create table legacy.sms_logs (
  message_uuid uuid not null,
  source text not null check (source in ('legacy', 'go')),
  dry_run boolean not null default false,
  status text not null check (status in ('sent', 'accepted', 'duplicate', 'rejected', 'failed', 'in_doubt')),
  provider_message_id text,
  request_id uuid not null,
  tenant text not null,
  recipient text not null,
  mode text not null check (mode in ('OFF', 'SHADOW', 'ON')),
  epoch bigint not null,
  fallback text check (fallback in ('timeout', 'transport', 'breaker_open')),
  reason text,
  created_at timestamptz not null default now(),
  primary key (message_uuid, source, dry_run),
  constraint only_the_service_runs_dry check (not dry_run or (source = 'go' and mode = 'SHADOW')),
  constraint go_gives_verdicts check (source <> 'go' or status in ('accepted', 'duplicate', 'rejected')),
  constraint a_fallback_is_legacys check (fallback is null or source = 'legacy'),
  constraint legacy_sends_or_fails check (source <> 'legacy' or status in ('sent', 'failed', 'in_doubt'))
);

create table legacy.quota_accounts (
  tenant text primary key,
  quota_limit bigint not null check (quota_limit >= 0),
  used bigint not null default 0 check (used >= 0),
  reserved bigint not null default 0 check (reserved >= 0),
  constraint never_over_the_limit check (used + reserved <= quota_limit)
) with (fillfactor = 50);

-- One row per message that reserved quota: the key makes it settle once.
create table legacy.quota_settlements (
  message_uuid uuid primary key,
  tenant text not null,
  charged boolean not null,
  settled_at timestamptz not null default now()
);

-- Messages the caller was told are `unresolved`: the settler's work list.
create table legacy.unresolved_messages (
  message_uuid uuid primary key,
  request_id uuid not null references legacy.requests (request_id),
  fallback text check (fallback in ('timeout', 'transport', 'breaker_open')),
  reason text not null,
  -- Token of a legacy claim whose commit answer was lost and under which nothing was sent.
  unspent_token uuid,
  noted_at timestamptz not null default now()
);
