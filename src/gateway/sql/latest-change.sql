-- Whatever begins after `seen_at` sees this change.
select coalesce(max(epoch), 0) as epoch, clock_timestamp()::text as seen_at from legacy.mode_changes
