insert into messaging.opt_outs (recipient, sender, reason, actor)
values ($1::text, $2::text, $3::text, $4::text)
on conflict (recipient, sender) do nothing
returning recipient
