revoke all on schema messaging from public;
grant usage on schema messaging to baton_gateway, baton_service;

-- The gateway claims for legacy, gives up and settles what it dispatched; it reads the service's log only.
grant select, insert, update on messaging.execution_authority to baton_gateway, baton_service;
grant select, insert on messaging.authority_proofs to baton_gateway, baton_service;
grant select on messaging.go_sms_logs to baton_gateway;
grant select, insert, update on messaging.go_sms_logs to baton_service;
