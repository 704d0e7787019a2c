"""The shapes of what is sent: orders to workers, reports from them, specs of swarms."""
