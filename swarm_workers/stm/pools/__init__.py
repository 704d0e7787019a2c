"""Connections between two transactions: writers, and who may borrow them."""
