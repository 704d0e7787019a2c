"""One worker process: transactions, source store, sandbox, agents, and the attempt they serve."""
