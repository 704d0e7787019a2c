"""Does shared state help? Runs of three tasks in three modes, on the fleet, and what they say."""
