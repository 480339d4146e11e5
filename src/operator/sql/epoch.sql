select coalesce(max(epoch), 0) as epoch from legacy.mode_changes
