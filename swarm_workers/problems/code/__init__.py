"""Repair of a repository: tests that fail are to pass, tests that pass are to stay green."""
