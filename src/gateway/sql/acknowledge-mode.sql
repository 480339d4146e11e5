-- Once no transaction of any gateway is left that began before the change was seen ($4). Later ones see it, and an
-- entry that read an older setting is refused by its own statement.
insert into legacy.mode_acknowledgements (owner, gateway, epoch)
select $1::integer, $2::text, $3::bigint
where not exists (
  select from pg_stat_activity a
  where a.datname = current_database() and a.usename = current_user and a.application_name = $5::text
    and a.pid <> pg_backend_pid() and a.xact_start < $4::timestamptz)
on conflict (owner) do update
  set gateway = excluded.gateway, epoch = excluded.epoch, acknowledged_at = clock_timestamp()
returning epoch
