"""What a worker's main process does beside running attempts."""
