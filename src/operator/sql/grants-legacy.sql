-- What the gateway's schema gives, against what it must give.
select role, object, privilege, has, wanted from (
  select 'baton_service' as role, c.oid::regclass::text as object, p as privilege,
    has_table_privilege('baton_service', c.oid, p) as has, false as wanted
  from pg_class c, unnest(array['select', 'insert', 'update', 'delete', 'truncate']) p
  where c.relnamespace = 'legacy'::regnamespace and c.relkind in ('r', 'v', 'p')
  union all
  select 'baton_service', 'schema legacy', 'usage', has_schema_privilege('baton_service', 'legacy', 'usage'), false
  union all
  select 'baton_gateway', 'legacy.sms_logs', p, has_table_privilege('baton_gateway', 'legacy.sms_logs', p), p <> 'delete'
  from unnest(array['select', 'insert', 'update', 'delete']) p
  union all
  select 'baton_gateway', 'legacy.evidence', p, has_table_privilege('baton_gateway', 'legacy.evidence', p), p in ('select', 'insert')
  from unnest(array['select', 'insert', 'update', 'delete', 'truncate']) p
  union all
  select r.rolname, 'role', 'superuser, createrole or bypassrls', r.rolsuper or r.rolcreaterole or r.rolbypassrls, false
  from pg_roles r where r.rolname in ('baton_gateway', 'baton_service')
) checks
