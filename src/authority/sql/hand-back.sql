-- claimed(go) -> claimed(legacy), with the service's log: see the function.
select hand_back as message_uuid from messaging.hand_back($1::uuid[], $2::uuid, $3::text)
