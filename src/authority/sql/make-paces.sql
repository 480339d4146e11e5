insert into messaging.paces (name, used_until)
select name, now() from unnest($1::text[]) as i (name)
order by name
on conflict (name) do nothing
