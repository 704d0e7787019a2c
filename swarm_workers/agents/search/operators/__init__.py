"""Kinds of edits, one family a file; `catalogue` lists them all."""
