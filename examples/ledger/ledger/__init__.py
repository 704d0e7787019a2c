"""Plain-text double-entry bookkeeping: parse a journal, add it up, print it."""
