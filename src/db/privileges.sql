-- What each of the two roles may do: with schemas and tables, and with single columns where that is less.
select role, object, privilege from (
  select r.rolname as role, 'schema ' || n.nspname as object, lower(p.privilege_type) as privilege
  from pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) p
  join pg_roles r on r.oid = p.grantee
  where n.nspname in ('legacy', 'messaging')
  union
  select grantee, table_schema || '.' || table_name, lower(privilege_type)
  from information_schema.role_table_grants
  where table_schema in ('legacy', 'messaging')
  union
  select c.grantee, c.table_schema || '.' || c.table_name || '(' || c.column_name || ')', lower(c.privilege_type)
  from information_schema.role_column_grants c
  where c.table_schema in ('legacy', 'messaging') and not exists (
    select from information_schema.role_table_grants t
    where t.grantee = c.grantee and t.table_schema = c.table_schema and t.table_name = c.table_name
      and t.privilege_type = c.privilege_type)
  union
  -- Functions that act with their owner's rights.
  select r.rolname, 'function ' || p.oid::regprocedure::text, 'execute'
  from pg_proc p, pg_roles r
  where p.pronamespace in ('legacy'::regnamespace, 'messaging'::regnamespace) and p.prosecdef
    and has_function_privilege(r.oid, p.oid, 'execute')
  union
  select rolname, 'role attribute', attribute
  from pg_roles, unnest(array_remove(array[
    case when rolsuper then 'superuser' end, case when rolcreatedb then 'createdb' end,
    case when rolcreaterole then 'createrole' end, case when rolreplication then 'replication' end,
    case when rolbypassrls then 'bypassrls' end], null)) as attribute
) granted
where role in ('baton_gateway', 'baton_service')
order by role, object, privilege
