"""Everything that two processes must agree on: shapes, names, ids. No I/O, no environment."""
