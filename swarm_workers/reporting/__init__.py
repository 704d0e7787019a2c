"""The way of a report from Redis to Postgres."""
