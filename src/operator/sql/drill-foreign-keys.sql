-- Keys of the drills' tenant that no drill has made: then it is somebody's, and no drill touches it.
select count(*) as keys
from legacy.api_keys
where tenant = $1::text and label <> 'drill' and revoked_at is null
