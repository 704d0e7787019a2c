"""What a transaction is: the log of a run, the runs of a transaction, and what is learned of both."""
