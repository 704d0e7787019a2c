"""What a transaction is: the log of a run, the runs, and what is learned of both."""
