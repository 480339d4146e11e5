select message_uuid from messaging.hand_back($1::uuid[], gen_random_uuid(), $2::text) as h (message_uuid)
