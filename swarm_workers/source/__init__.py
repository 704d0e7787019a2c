"""Code as nodes and operations in Postgres."""
