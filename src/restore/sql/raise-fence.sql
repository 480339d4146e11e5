insert into messaging.fences (reason, actor, entered_until)
values ($1::text, $2::text, $3::timestamptz)
on conflict ((true)) where lifted_at is null do nothing
returning fence_id
