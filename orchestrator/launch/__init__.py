"""From a request to attempts in the queue."""
