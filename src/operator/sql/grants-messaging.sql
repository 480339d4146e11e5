-- What the service's schema gives, against what it must give.
select role, object, privilege, has, wanted from (
  select 'baton_gateway' as role, 'messaging.go_sms_logs' as object, p as privilege,
    has_table_privilege('baton_gateway', 'messaging.go_sms_logs', p) as has, p = 'select' as wanted
  from unnest(array['select', 'insert', 'update', 'delete', 'truncate']) p
  union all
  select r, 'messaging.execution_authority', p, has_table_privilege(r, 'messaging.execution_authority', p),
    p in ('select', 'insert', 'update')
  from unnest(array['baton_gateway', 'baton_service']) r,
    unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'trigger']) p
  union all
  select r, 'messaging.authority_proofs', p, has_table_privilege(r, 'messaging.authority_proofs', p), p in ('select', 'insert')
  from unnest(array['baton_gateway', 'baton_service']) r, unnest(array['select', 'insert', 'update', 'delete']) p
  union all
  select 'baton_service', 'messaging.go_sms_logs', p, has_table_privilege('baton_service', 'messaging.go_sms_logs', p), p <> 'delete'
  from unnest(array['select', 'insert', 'update', 'delete']) p
) checks
