select field, legacy_value, service_value from legacy.shadow_differences where valid_until > now()
