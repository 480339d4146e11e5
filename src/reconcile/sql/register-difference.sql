insert into legacy.shadow_differences (field, legacy_value, service_value, why, owner, valid_until, registered_by)
values ($1::text, $2::text, $3::text, $4::text, $5::text, $6::timestamptz, $7::text)
returning difference_id
