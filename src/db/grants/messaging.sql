revoke all on schema messaging from public;
grant usage on schema messaging to baton_gateway, baton_service;

-- The gateway claims for legacy, gives up and settles what it dispatched; it reads the service's log only.
grant select, insert, update on messaging.execution_authority to baton_gateway, baton_service;
grant select, insert on messaging.authority_proofs to baton_gateway, baton_service;
grant select on messaging.go_sms_logs to baton_gateway;
grant execute on function messaging.hand_back(uuid[], uuid, text) to baton_gateway;
grant select, insert, update on messaging.go_sms_logs to baton_service;

-- Dispatch, receipts and doubt are the service's; the gateway shows them to operators and keeps the opt-outs.
grant select, insert, update on messaging.in_doubt_checks, messaging.receipts, messaging.paces to baton_service;
grant select on messaging.in_doubt_checks to baton_gateway;
-- An operator's word at the gateway, a subscriber's text at the service.
grant select, insert, delete on messaging.opt_outs to baton_gateway, baton_service;
grant select, insert on messaging.inbound_choices to baton_service;

grant select on messaging.reconcile_verdicts, messaging.reconcile_holders, messaging.reconcile_endings to baton_gateway;
-- Both roles write what is compared. update: a row lock asks for it.
grant select, insert, update, delete on messaging.reconcile_marks to baton_gateway;
grant select, insert, update on messaging.reconcile_marks to baton_service;
grant select, insert on messaging.evidence_heads to baton_gateway;
