delete from messaging.opt_outs where recipient = $1::text and sender = $2::text
returning recipient
