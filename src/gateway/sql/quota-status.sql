select tenant, quota_limit as "limit", used, reserved from legacy.quota_accounts order by tenant limit 1000
