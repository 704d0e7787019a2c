"""The page of results: tables, plots and findings, all of it made from rows in Postgres."""
