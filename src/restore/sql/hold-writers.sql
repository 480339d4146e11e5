-- Conflicts with every writer's lock: returns when all that began before have ended, and holds up the next.
lock table messaging.execution_authority, messaging.in_doubt_checks in share row exclusive mode
