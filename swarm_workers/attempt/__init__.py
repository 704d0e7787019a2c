"""One turn of one agent, from lease to report."""
