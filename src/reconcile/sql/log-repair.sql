insert into legacy.reconcile_repairs (run_id, message_uuid, kind, dry_run, action, before, after, actor)
values ($1::uuid, $2::uuid, $3::text, $4::boolean, $5::text, $6::text, $7::text, $8::text)
