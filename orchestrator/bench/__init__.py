"""Benchmarks: figures against a peer or a bar, taken in one run."""
