-- Receipts that have fitted no message for so long that their send's answer is no reason any more.
select count(*)::integer as receipts
from messaging.receipts
where match_at is not null and received_at < now() - interval '5 minutes'
