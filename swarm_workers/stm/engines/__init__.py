"""What holds a space: Redis by WATCH, Redis by functions, or this process."""
