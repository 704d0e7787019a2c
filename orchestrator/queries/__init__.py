"""Questions to Postgres, one a file."""
