"""Transactions of the swarm beside the usual client and the raw limit, measured in one run."""
