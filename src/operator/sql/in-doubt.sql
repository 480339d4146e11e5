select count(*) as in_doubt from messaging.execution_authority where state = 'in_doubt'
