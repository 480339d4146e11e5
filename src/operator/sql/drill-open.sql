select legacy.open_drill($1::bytea, $2::integer)
