-- The gateway alone: the service's role cannot even look into this schema.
revoke all on schema legacy from public;
grant usage on schema legacy to baton_gateway;

grant select on legacy.api_keys to baton_gateway;
grant select, insert on legacy.mode_changes to baton_gateway;
grant select, insert, update, delete on legacy.mode_acknowledgements to baton_gateway;
grant select, insert on legacy.requests to baton_gateway;
grant update (owner, answered_at, answer, idempotency_key) on legacy.requests to baton_gateway;
grant select, insert, update on legacy.sms_logs to baton_gateway;
grant select, update on legacy.quota_accounts to baton_gateway;
grant select, insert on legacy.quota_settlements to baton_gateway;
grant select, insert, update, delete on legacy.unresolved_messages to baton_gateway;

-- Reconciliation: what is compared, its memory, repairs of the gateway's own tables, evidence.
grant select on legacy.reconcile_verdicts, legacy.reconcile_holders, legacy.reconcile_endings, legacy.reconcile_quota_due,
  legacy.reconcile_quota_settled, legacy.reconcile_entered, legacy.reconcile_outcomes to baton_gateway;
-- update: a row lock asks for it.
grant select, insert, update, delete on legacy.reconcile_marks to baton_gateway;
grant select, update on legacy.reconcile_turn to baton_gateway;
grant select, insert, delete on legacy.reconcile_ranges, legacy.reconcile_suspects to baton_gateway;
grant select, insert on legacy.reconcile_repairs, legacy.evidence to baton_gateway;
grant update (charged) on legacy.quota_settlements to baton_gateway;
grant execute on function legacy.open_drill(bytea, integer), legacy.close_drills() to baton_gateway;
grant select, insert on legacy.shadow_differences, legacy.shadow_left_out, legacy.legacy_rehearsals to baton_gateway;
