select reason, raised_at from messaging.fences where lifted_at is null
