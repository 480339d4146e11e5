-- Where the next message stands.
select :near as near from :table where :near >= $1::uuid order by :near limit 1
