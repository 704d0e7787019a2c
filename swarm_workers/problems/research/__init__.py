"""Research as a problem: questions, sources that may answer them, and facts with quotations."""
