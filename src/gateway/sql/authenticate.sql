select tenant, scopes, label
from legacy.api_keys
where key_sha256 = $1::bytea and revoked_at is null and (expires_at is null or expires_at > now())
