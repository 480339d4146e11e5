select name, setting from pg_settings where name in ('fsync', 'full_page_writes')
union all
select 'in_recovery', pg_is_in_recovery()::text
