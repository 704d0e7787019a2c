"""The shapes of Postgres: SQLAlchemy Core tables, one file a family."""
